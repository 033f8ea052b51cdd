// @ts-check
// A process of the storm: node storm.mjs DIRECTORY STRATEGY LOG [broken]. It works until it is killed, or told to stop, and appends what must
// be known of it after its death to LOG, a line each: `begun COUNTER`, `done COUNTER NUMBER`, `wrong WHAT`, `waited MILLISECONDS`.
import { subscribe } from 'node:diagnostics_channel';
import { openSync, writeSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { FileCache } from '../../dist/cache/file-cache.js';
import { replaceSyscalls, syscalls } from '../../dist/os/syscalls.js';
import { COUNTERS, KEYS, makeValue, wrongWith } from './storm-value.mjs';

const [directory = '', strategy = '', logPath = '', lock = ''] = process.argv.slice(2);
const log = openSync(logPath, 'a');
/** @param {string} line */
const note = (line) => writeSync(log, `${line}\n`);
if (lock === 'broken') grantShardLocks();
subscribe('holdfast:damaged', (report) => note(`wrong damaged: ${/** @type {{ reason: string }} */ (report).reason}`));
process.on('warning', () => {});

/** @type {FileCache<Buffer>} */
const cache = new FileCache({ directory, strategy: strategy === 'flock' ? 'flock' : 'rename', codec: 'bytes' });
let stopped = false;
process.stdin.once('data', () => {
  stopped = true;
});

/** The locks of the shards exclude nobody any more; those under which a cache is made still do. */
function grantShardLocks() {
  const { open, close, tryFlock, unflock } = syscalls;
  const granted = new Set();
  replaceSyscalls({
    open: (path, flags, mode) => {
      const fd = open(path, flags, mode);
      if (/\/data\/[0-9a-f]{2}\.lock$/.test(path)) granted.add(fd);
      return fd;
    },
    close: (fd) => {
      granted.delete(fd);
      close(fd);
    },
    tryFlock: (fd, mode) => granted.has(fd) || tryFlock(fd, mode),
    unflock: (fd) => {
      if (!granted.has(fd)) unflock(fd);
    },
  });
}

/** @template T @param {readonly T[]} list */
const oneOf = (list) => /** @type {T} */ (list[Math.floor(Math.random() * list.length)]);
const generation = () => Math.floor(Math.random() * 2 ** 32);
/** @param {string} key @param {Buffer | undefined} value */
const check = (key, value) => {
  const wrong = value === undefined ? undefined : wrongWith(key, value);
  if (wrong !== undefined) note(`wrong ${wrong}`);
};
/** @param {Buffer | undefined} old */
const increment = (old) => Buffer.from(`${Number(old?.toString() ?? 0) + 1}`);
/** @param {string} counter @param {(counter: string) => Promise<Buffer | undefined> | Buffer | undefined} update */
const count = async (counter, update) => {
  note(`begun ${counter}`);
  note(`done ${counter} ${await update(counter)}`);
};

/** @type {((key: string) => unknown)[]} */
const operations = [
  async (key) => check(key, await cache.get(key)),
  (key) => check(key, cache.getSync(key)),
  async (key) => check(key, await cache.getOrSet(key, () => makeValue(key, generation()))),
  async (key) => {
    for (const [found, value] of await cache.getMany([key, oneOf(KEYS), oneOf(KEYS)])) check(found, value);
  },
  (key) => cache.set(key, makeValue(key, generation())),
  (key) => cache.setSync(key, makeValue(key, generation())),
  (key) =>
    cache.update(key, (old) => {
      check(key, old);
      return makeValue(key, generation());
    }),
  (key) => cache.delete(key),
  () => count(oneOf(COUNTERS), (counter) => cache.update(counter, increment)),
  () => count(oneOf(COUNTERS), (counter) => cache.updateSync(counter, increment)),
];

console.log('ready');
let longest = 10;
while (!stopped) {
  const started = performance.now();
  try {
    await oneOf(operations)(oneOf(KEYS));
  } catch (error) {
    note(`wrong ${error}`);
  }
  const took = performance.now() - started;
  if (took > longest) {
    longest = took;
    note(`waited ${Math.round(took)}`);
  }
  await nextTurn();
}
await cache.close();
process.exit();
