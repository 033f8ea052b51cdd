// @ts-check
// Operations on a cache, for strace to look at: node traced.mjs DIRECTORY STRATEGY. Each stands between two looks at paths that are not there,
// /begin/NAME and /end/NAME. Prints as JSON which calls of the table each of them made.
import { accessSync } from 'node:fs';
import { FileCache } from '../../dist/cache/file-cache.js';
import { replaceSyscalls, syscalls } from '../../dist/os/syscalls.js';

const [directory = '', strategy = ''] = process.argv.slice(2);
/** @type {FileCache<string>} */
const cache = new FileCache({
  directory,
  strategy: strategy === 'flock' ? 'flock' : 'rename',
  codec: 'text',
  memory: false,
});
const LARGE = 'large '.repeat(50_000);

/** @type {[string, () => unknown][]} */
const operations = [
  ['set-new', () => cache.set('key', 'new')],
  ['set-existing', () => cache.set('key', 'newer')],
  ['set-sync-existing', () => cache.setSync('key', 'newest')],
  ['set-large', () => cache.set('large', LARGE)],
  ['set-large-existing', () => cache.set('large', LARGE)],
  ['get', () => cache.get('key')],
  ['get-sync', () => cache.getSync('key')],
  ['get-missing', () => cache.get('missing')],
  ['get-large', () => cache.get('large')],
  ['has', () => cache.has('key')],
  ['get-or-set-hit', () => cache.getOrSet('key', () => 'loaded')],
  ['get-or-set-load', () => cache.getOrSet('loaded', () => 'loaded')],
  ['update', () => cache.update('key', (old) => `${old}, updated`)],
  ['update-sync', () => cache.updateSync('key', (old) => `${old}, updated`)],
  ['delete', () => cache.delete('key')],
  ['delete-missing', () => cache.delete('key')],
  ['invalidate-tags', () => cache.invalidateTags(['tag'])],
  ['stats', () => cache.stats()],
  ['clear', () => cache.clear()],
];

/** @param {string} path */
const mark = (path) => {
  try {
    accessSync(path);
  } catch {
    // It is not there, and strace has seen it.
  }
};

/** @type {string[]} */
let calls = [];
const recording = Object.entries({ ...syscalls }).map(([name, real]) => {
  const call = (/** @type {unknown[]} */ ...args) => {
    calls.push(name);
    return Reflect.apply(real, undefined, args);
  };
  return [name, call];
});
replaceSyscalls(Object.fromEntries(recording));

/** @type {Record<string, string[]>} */
const made = {};
for (const [name, run] of operations) {
  calls = [];
  mark(`/begin/${name}`);
  await run();
  mark(`/end/${name}`);
  made[name] = calls;
}
console.log(JSON.stringify(made));
process.exit();
