// @ts-check
// One process of bench/memory.mjs: node worker.mjs holdfast|lru DIRECTORY MILLISECONDS. It sends `ready`, begins at `go`, and sends how many
// hits a second it had.
import { LRUCache } from 'lru-cache';
import { FileCache } from '../../dist/index.js';
import { nanosecondsOf } from '../support/rounds.mjs';
import { keys, profile, shuffledKeys } from './values.mjs';

const [kind, directory = '', milliseconds = '0'] = process.argv.slice(2);
const order = shuffledKeys();
const key = (/** @type {number} */ index) => order[index % order.length] ?? '';
const cache = new FileCache({ directory });
const lru = new LRUCache({ max: 10_000, maxSize: 64 * 1024 * 1024 });
for (const [index, name] of keys.entries()) {
  cache.getSync(name);
  lru.set(name, profile(index), { size: 1000 });
}
/** @type {(index: number) => unknown} */
const hit = kind === 'lru' ? (index) => lru.get(key(index)) : (index) => cache.getSync(key(index));
process.once('message', async () => {
  const perSecond = 1e9 / nanosecondsOf(Number(milliseconds), hit);
  await cache.close();
  process.send?.(perSecond, () => process.exit());
});
process.send?.('ready');
