// @ts-check
// npm run bench:eviction: what a cache that is full costs, and how well it chooses what goes. Reads by a Zipf distribution, each miss followed by a
// set; beside it an LRUCache of as many entries in memory, which knows the exact order of use. And sets of new keys in a cache that is
// full, beside one without a limit.
import { LRUCache } from 'lru-cache';
import { FileCache } from '../dist/index.js';
import { measured, ratioOf } from './support/ratios.mjs';
import { runBench } from './support/report.mjs';

const ENTRIES = 1_000;
const KEYS = 10_000;
const VALUE = 'x'.repeat(500);

await runBench('eviction', async ({ folder, rounds, quick }) => {
  const reads = quick ? 20_000 : 100_000;
  const sets = quick ? 2_000 : 10_000;
  /** @type {{ [name: string]: number[] }} */
  const figures = { hits: [], 'hits of an LRUCache': [], small: [], 'small, LRUCache': [], full: [], unlimited: [] };
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, entries, keys] of /** @type {const} */ ([
      ['hits', ENTRIES, KEYS],
      ['small', 50, 500],
    ])) {
      const { hits, best } = hitRatios(`${folder}/${name}${round}`, entries, keys, reads, round + 1);
      figures[name]?.push(hits);
      figures[name === 'hits' ? 'hits of an LRUCache' : 'small, LRUCache']?.push(best);
    }
    figures['full']?.push(nanosecondsPerSet(`${folder}/full${round}`, ENTRIES, sets));
    figures['unlimited']?.push(nanosecondsPerSet(`${folder}/unlimited${round}`, undefined, sets));
  }
  for (const [name, values] of Object.entries(figures)) {
    console.log(`${name.padEnd(24)}${values.map((value) => value.toPrecision(4).padStart(10)).join('')}`);
  }
  const of = (/** @type {string} */ name) => figures[name] ?? [];
  const parts = (/** @type {string} */ a, /** @type {string} */ b) =>
    of(a).map((value, n) => value / (of(b)[n] ?? Number.NaN));
  return {
    results: figures,
    ratios: [
      measured('hits, 1,000 entries / LRUCache', parts('hits', 'hits of an LRUCache'), { min: 0.95 }, 'times'),
      measured('hits, 50 entries / LRUCache', parts('small', 'small, LRUCache'), { min: 0.95 }, 'times'),
      ratioOf('set in a full cache / without limit', of('full'), of('unlimited'), { max: 3 }),
    ],
  };
});

/**
 * @param {string} directory
 * @param {number} entries
 * @param {number} keys
 * @param {number} reads
 * @param {number} seed
 */
function hitRatios(directory, entries, keys, reads, seed) {
  const cache = new FileCache({ directory, codec: 'text', memory: false, maxEntries: entries });
  const best = new LRUCache({ max: entries });
  const next = zipf(keys, 0.9, seed);
  let [hits, bestHits] = [0, 0];
  for (let n = 0; n < reads; n += 1) {
    const key = `key ${next()}`;
    if (cache.getSync(key) === undefined) cache.setSync(key, VALUE);
    else hits += 1;
    if (best.get(key) === undefined) best.set(key, true);
    else bestHits += 1;
  }
  void cache.close();
  return { hits: hits / reads, best: bestHits / reads };
}

/**
 * @param {string} directory
 * @param {number | undefined} maxEntries
 * @param {number} sets
 */
function nanosecondsPerSet(directory, maxEntries, sets) {
  const cache = new FileCache({ directory, codec: 'text', memory: false, maxEntries });
  for (let n = 0; n < ENTRIES; n += 1) cache.setSync(`before ${n}`, VALUE);
  // Processor time: what others do on the machine is not to count.
  const before = process.cpuUsage();
  for (let n = 0; n < sets; n += 1) cache.setSync(`key ${n}`, VALUE);
  const { user, system } = process.cpuUsage(before);
  void cache.close();
  return ((user + system) * 1e3) / sets;
}

/**
 * Numbers below `count` with the frequencies of Zipf's law.
 *
 * @param {number} count
 * @param {number} exponent
 * @param {number} seed
 */
function zipf(count, exponent, seed) {
  const sums = new Float64Array(count);
  let sum = 0;
  for (let rank = 0; rank < count; rank += 1) {
    sum += 1 / (rank + 1) ** exponent;
    sums[rank] = sum;
  }
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const wanted = (state / 2 ** 32) * sum;
    let [low, high] = [0, count - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((sums[middle] ?? 0) < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}
