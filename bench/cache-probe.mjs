// @ts-check
// One process that opens a cache, works in it for a moment, and prints what that took.
import { performance } from 'node:perf_hooks';
import { FileCache } from '../dist/index.js';
import { nanosecondsOf } from './support/rounds.mjs';

const [directory = '', entries = '1'] = process.argv.slice(2);
/** So many keys of all that there are, evenly spread: the rest of a large cache is not in the page cache either way. */
const KEYS = 1_000;
const step = Number(entries) / KEYS;
const keys = Array.from({ length: KEYS }, (_, index) => `user:${Math.floor(index * step)}`);

const started = performance.now();
const cache = new FileCache({ directory, memory: false });
cache.getSync(keys[0] ?? '');
const openMs = performance.now() - started;

const value = cache.getSync(keys[1] ?? '');
if (value === undefined) throw new Error('expected the cache to be filled');
const keyAt = (/** @type {number} */ index) => keys[index % KEYS] ?? '';
const getUs = nanosecondsOf(300, (index) => cache.getSync(keyAt(index))) / 1_000;
const setUs = nanosecondsOf(300, (index) => cache.setSync(keyAt(index), value)) / 1_000;
const memoryMb = process.memoryUsage.rss() / 1e6;
await cache.close();
console.log(JSON.stringify({ openMs, getUs, setUs, memoryMb }));
