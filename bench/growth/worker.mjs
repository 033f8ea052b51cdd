// @ts-check
// One process of bench/growth.mjs: node worker.mjs DIRECTORY STRATEGY ENTRIES TASK SEED. It does one thing and prints a line of JSON.
import { performance } from 'node:perf_hooks';
import { FileCache } from '../../dist/index.js';
import { seededRandom } from '../../dist/race/data/random.js';

const [directory = '', strategy = '', entriesText = '', task = '', seedText = ''] = process.argv.slice(2);
const entries = Number(entriesText);
const random = seededRandom(Number(seedText));

/** So many gets, and so many sets, are measured; as many go before. */
const OPERATIONS = 4_000;
/** One entry in so many expires. */
const EXPIRING_ONE_IN = 10;

// What a process keeps in memory is small beside a million entries: the disk is what grows.
const beforeOpen = performance.now();
const cache = new FileCache({ directory, strategy: strategy === 'flock' ? 'flock' : 'rename', memory: false });
const openMs = performance.now() - beforeOpen;
const value = { name: 'x'.repeat(400), tags: Array.from({ length: 50 }, (_, index) => `tag-${index}`) };

/** @type {Record<string, () => unknown>} */
const tasks = {
  fill() {
    const start = performance.now();
    for (let index = 0; index < entries; index += 1) cache.setSync(keyOf(index), value);
    return { milliseconds: performance.now() - start };
  },

  /** What a service does, on keys at random. */
  use() {
    const residentBefore = process.memoryUsage().rss;
    for (let count = 0; count < OPERATIONS; count += 1) cache.getSync(anyKey());
    const gets = timesOf(() => {
      if (cache.getSync(anyKey()) === undefined) throw new Error('An entry is missing.');
    });
    for (let count = 0; count < OPERATIONS; count += 1) cache.setSync(anyKey(), value);
    const sets = timesOf(() => cache.setSync(anyKey(), value));
    return {
      openMs,
      getMicroseconds: gets,
      setMicroseconds: sets,
      residentBytes: process.memoryUsage().rss,
      residentBefore,
    };
  },

  /** Lets one entry in ten expire, and removes them. */
  async prune() {
    for (let index = 0; index < entries; index += EXPIRING_ONE_IN) cache.setSync(keyOf(index), value, { ttl: 0 });
    const start = performance.now();
    const { removed } = await cache.prune();
    return { milliseconds: performance.now() - start, removed };
  },

  async verify() {
    const start = performance.now();
    const report = await cache.verify();
    return { milliseconds: performance.now() - start, report };
  },
};

const outcome = await tasks[task]?.();
await cache.close();
console.log(JSON.stringify(outcome));

/** @param {number} index */
function keyOf(index) {
  return `entry-${index}`;
}

function anyKey() {
  return keyOf(random() % entries);
}

/**
 * The median of single operations, in microseconds.
 *
 * @param {() => void} operation
 */
function timesOf(operation) {
  const times = new Float64Array(OPERATIONS);
  for (let count = 0; count < OPERATIONS; count += 1) {
    const start = performance.now();
    operation();
    times[count] = performance.now() - start;
  }
  times.sort();
  return (times[OPERATIONS / 2] ?? 0) * 1_000;
}
