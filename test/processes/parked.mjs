// @ts-check
// One operation on a cache, that stops for ever right before its n-th system call: node parked.mjs DIRECTORY STRATEGY OPERATION N. It then says
// `parked`. Where N is `count` the operation runs to its end, and the names of its calls are printed as JSON.
import { writeSync } from 'node:fs';
import { FileCache } from '../../dist/cache/file-cache.js';
import { replaceSyscalls, syscalls } from '../../dist/os/syscalls.js';

const [directory = '', strategy = '', operation = '', n = ''] = process.argv.slice(2);
const LARGE = 'new '.repeat(2_000);

const open = () =>
  new FileCache({ directory, strategy: strategy === 'flock' ? 'flock' : 'rename', codec: 'text', ttl: 3_600_000 });

/** @type {Record<string, (cache: FileCache<string>) => unknown>} */
const operations = {
  set: (cache) => cache.set('key', 'new'),
  'set of a large value': (cache) => cache.set('key', LARGE),
  delete: (cache) => cache.delete('key'),
  getOrSet: (cache) => cache.getOrSet('absent', () => 'new'),
  update: (cache) => cache.update('key', () => 'new'),
  clear: (cache) => cache.clear(),
  prune: (cache) => cache.prune(),
  open,
};

const run = operations[operation];
if (run === undefined) throw new Error(`No operation ${operation}.`);
const cache = operation === 'open' ? undefined : open();

/** @type {string[]} */
const calls = [];
const park = () => {
  writeSync(1, 'parked\n');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
};
const counted = Object.entries({ ...syscalls }).map(([name, real]) => {
  const call = (/** @type {unknown[]} */ ...args) => {
    if (String(calls.length) === n) park();
    calls.push(name);
    return Reflect.apply(real, undefined, args);
  };
  return [name, call];
});
replaceSyscalls(Object.fromEntries(counted));
const opened = await run(/** @type {any} */ (cache));
await (cache ?? /** @type {FileCache} */ (opened)).close();
console.log(JSON.stringify(calls));
