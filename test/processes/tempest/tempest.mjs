// @ts-check
// A process of the tempest: node tempest.mjs OPTIONS, as JSON. It works until it is killed or told to stop, and appends what must be known
// of it after its death to a log, a line each: `wrong WHAT`, `failed CODE`, `done COUNT`, `section CALLS`, `left WHAT`.
import { openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isMainThread, threadId, Worker, workerData } from 'node:worker_threads';
import { asynchronous, rare, synchronous } from './operations.mjs';
import { OwnKey } from './own-keys.mjs';

/**
 * @typedef {{ directory: string, strategy: 'rename' | 'flock' | undefined, log: string, kind: 'async' | 'sync' | 'threads' | 'bystander' | 'survivor',
 *   limits: { maxEntries?: number, maxBytes?: number }, lockTimeout: number, exhaust: boolean, warmMs: number, broken?: 'no generations' }} Options
 */

/** @type {Options} */
const options = isMainThread ? JSON.parse(process.argv[2] ?? '{}') : workerData;
const log = openSync(options.log, 'a');
/** @param {string} line */
const note = (line) => writeSync(log, `${line}\n`);

// Before the cache is loaded: whatever it keeps of this is the counting one.
let sleepIsWrong = false;
const { wait } = Atomics;
Atomics.wait = /** @type {typeof wait} */ (
  (...args) => {
    // To look at a word without sleeping is allowed: Atomics.wait(cell, 0, 0, 0) may serve as a fence.
    if (sleepIsWrong && args[3] !== 0)
      note(`wrong slept on the thread ${new Error('here').stack?.split('\n').slice(2, 9).join(' <- ')}`);
    return wait(.../** @type {Parameters<typeof wait>} */ (args));
  }
);
const { FileCache } = await import('../../../dist/cache/file-cache.js');
const { replaceSyscalls, syscalls } = await import('../../../dist/os/syscalls.js');
if (options.broken === 'no generations') {
  const { SharedWords } = await import('../../../dist/cache/shared/words.js');
  SharedWords.prototype.generation = () => 1;
}

/** What may happen to any operation here. An abort is told by its message: the reason is ours. */
const EXPECTED = ['ENOSPC', 'EMFILE', 'ENFILE', 'ERR_LOCK_TIMEOUT', 'ERR_VALUE_TOO_LARGE', 'ERR_LOCK_CONFLICT'];
const LOOPS = 4;
const KEYS = 5;
const LARGEST = 40_000;
const TICK_MS = 10;
/** Beyond `lockTimeout`, in processor time that the process was given. */
const GRACE_MS = 1_000;

countCallsInSections();
process.on('warning', () => {});
process.on('uncaughtException', (error) => {
  note(`wrong uncaught ${error?.stack?.replaceAll('\n', ' ')}`);
  process.exit(1);
});

let stopped = false;
/** Turns of the event loop's timer: time in which this process was run. */
let ticks = 0;
setInterval(() => {
  ticks += 1;
}, TICK_MS).unref();
const descriptorsBefore = descriptors();
/** What the process takes once everything has been loaded and done a few times. */
let residentOnceWarm = Number.POSITIVE_INFINITY;
if (options.kind === 'survivor') {
  setTimeout(() => {
    residentOnceWarm = residentKiB();
  }, options.warmMs).unref();
}
const cache = await open();

// To open one is not.
sleepIsWrong = options.kind !== 'sync';

if (isMainThread) {
  process.stdin.once('data', () => {
    stopped = true;
  });
  console.log('ready');
}
if (options.kind === 'threads') await threads();
else if (options.kind === 'bystander') await standBy();
else await Promise.all(Array.from({ length: LOOPS }, (_, loop) => work(loop)));
if (options.kind === 'survivor') note(`grown ${residentKiB() - residentOnceWarm}`);
// To close a cache is asynchronous work, too.
sleepIsWrong = true;
const closed = await Promise.race([cache.close().then(() => true), delay(options.lockTimeout + 5_000, false)]);
if (!closed) note('wrong close() has not settled');
if (isMainThread && options.kind !== 'threads') {
  // Descriptors of koffi and of the event loop are opened once.
  const left = descriptors() - descriptorsBefore;
  note(`left ${left}`);
}
if (isMainThread) process.exit();

/** Where the disk is full, or another process is stopped while it makes an era, opening fails, and says so. */
async function open() {
  for (;;) {
    try {
      /** @type {import('./operations.mjs').Cache} */
      const opened = new FileCache({
        directory: options.directory,
        codec: 'bytes',
        lockTimeout: options.lockTimeout,
        ...(options.strategy === undefined ? {} : { strategy: options.strategy }),
        ...options.limits,
      });
      return opened;
    } catch (error) {
      const { code = '' } = /** @type {Error & { code?: string }} */ (error);
      if (!EXPECTED.includes(code)) throw error;
      note(`failed to open: ${code}`);
      await delay(20);
    }
  }
}

/** @param {number} index */
async function work(index) {
  const name = `${process.pid}-${threadId}-${index}`;
  const keys = Array.from({ length: KEYS }, (_, key) => new OwnKey(`own-${name}-${key}`, `tag-${name}-${key % 2}`));
  let number = 0;
  const loop = {
    cache,
    all: keys,
    number: () => {
      number += 1;
      return number;
    },
    length: () => Math.floor(8 * (LARGEST / 8) ** (Math.random() ** 3)),
  };
  const operations = options.kind === 'sync' ? [...asynchronous, ...synchronous, ...synchronous] : asynchronous;
  for (let done = 1; !stopped; done += 1) {
    const key = keys[Math.floor(Math.random() * KEYS)];
    const [one, seldom] = [oneOf(operations), Math.random() < 1 / 300];
    if (key === undefined || one === undefined) continue;
    await attempt(
      async () => (seldom ? oneOf(rare)?.(loop) : one(loop, key)),
      seldom ? 'seldom' : `${one}`.slice(0, 200),
    );
    if (options.exhaust && done % 50 === 0)
      await attempt(() => withoutDescriptors(async () => one(loop, key)), 'without descriptors');
    if (done % 20 === 0) note('done 20');
    if (done % 16 === 0) await nextTurn();
  }
}

/** @template T @param {readonly T[]} list */
function oneOf(list) {
  return list[Math.floor(Math.random() * list.length)];
}

/** Every promise settles in time, and with an error that is to be expected. @param {() => Promise<unknown>} operation @param {string} what */
async function attempt(operation, what) {
  const began = ticks;
  const watch = setInterval(() => {
    if ((ticks - began) * TICK_MS < options.lockTimeout + GRACE_MS) return;
    note(`wrong not settled in time: ${what.replaceAll('\n', ' ')}`);
    clearInterval(watch);
  }, 100);
  try {
    await operation();
  } catch (error) {
    const { code, message, stack } = /** @type {Error & { code?: string }} */ (error);
    if (EXPECTED.includes(code ?? '')) note(`failed ${code}`);
    else if (message === 'abort' || code === 'ERR_STREAM_PREMATURE_CLOSE') note('failed abort');
    else note(`wrong ${code ?? ''} ${stack?.replaceAll('\n', ' ')} in ${what.replaceAll('\n', ' ')}`);
  } finally {
    clearInterval(watch);
  }
}

/** @param {() => Promise<unknown>} operation */
async function withoutDescriptors(operation) {
  /** @type {number[]} */
  const taken = [];
  try {
    for (;;) taken.push(openSync('/dev/null', 'r'));
  } catch {
    // There is none left.
  }
  try {
    await operation();
  } finally {
    for (const fd of taken) syscalls.close(fd);
  }
}

/** The largest number of system calls made under one shard's lock. */
function countCallsInSections() {
  const { open, close, tryFlock, unflock } = syscalls;
  const locks = new Set();
  let [calls, most, inside] = [0, 0, -1];
  /** @type {Record<string, unknown>} */
  const counting = {};
  for (const [name, call] of Object.entries(syscalls)) {
    counting[name] = (/** @type {unknown[]} */ ...args) => {
      calls += 1;
      return /** @type {(...args: unknown[]) => unknown} */ (call)(...args);
    };
  }
  replaceSyscalls({
    ...counting,
    open: (path, flags, mode) => {
      calls += 1;
      const fd = open(path, flags, mode);
      if (/\/data\/[0-9a-f]{2}\.lock$/.test(path)) locks.add(fd);
      return fd;
    },
    close: (fd) => {
      calls += 1;
      locks.delete(fd);
      close(fd);
    },
    tryFlock: (fd, mode) => {
      const got = tryFlock(fd, mode);
      if (got && locks.has(fd) && mode === 'exclusive') [calls, inside] = [0, fd];
      return got;
    },
    unflock: (fd) => {
      if (fd === inside) {
        inside = -1;
        if (calls > most) {
          most = calls;
          note(`section ${most}`);
        }
      }
      unflock(fd);
    },
  });
}

/** Starts threads, and terminates each after a while, wherever it is. */
async function threads() {
  const one = async () => {
    while (!stopped) {
      const worker = new Worker(new URL(import.meta.url), { workerData: { ...options, kind: 'async' } });
      worker.once('error', (error) => note(`wrong thread ${error.stack?.replaceAll('\n', ' ')}`));
      await delay(100 + Math.random() * 500);
      await worker.terminate();
    }
  };
  await Promise.all([one(), one()]);
}

/** Reads now and then, and notes for each second the longest time for which its event loop stood still: `stall SECOND MILLISECONDS`. */
async function standBy() {
  const PAUSE_MS = 5;
  let [second, longest] = [Math.floor(Date.now() / 1_000), 0];
  for (let last = performance.now(); !stopped; last = performance.now()) {
    void attempt(() => cache.get('nobody has this'), 'bystander');
    await delay(PAUSE_MS);
    longest = Math.max(longest, performance.now() - last - PAUSE_MS);
    const now = Math.floor(Date.now() / 1_000);
    if (now === second) continue;
    note(`stall ${second} ${longest.toFixed(1)}`);
    [second, longest] = [now, 0];
  }
}

function descriptors() {
  return readdirSync('/proc/self/fd').length;
}

/** Memory that is not a file's (proc_pid_status(5)), after what nobody refers to has been collected. */
function residentKiB() {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return Number(/RssAnon:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
}
