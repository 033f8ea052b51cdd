// @ts-check
// One process on a cache: node cache-worker.mjs DIRECTORY STRATEGY ROLE ARGUMENTS... It says `ready`, begins at `go`, and ends with a line
// of JSON.
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { FileCache } from '../../dist/cache/file-cache.js';

const [directory = '', strategy = 'rename', role = '', ...args] = process.argv.slice(2);
const cache = new FileCache({ directory, strategy: strategy === 'flock' ? 'flock' : 'rename', lockTimeout: 60_000 });
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** @type {Record<string, () => Promise<unknown>>} */
const roles = {
  /** Many callers ask for one cold key. */
  async callers() {
    const [key = '', callers = '1', milliseconds = '0'] = args;
    let loads = 0;
    const load = async () => {
      loads += 1;
      console.log('loading');
      await delay(Number(milliseconds));
      return process.pid;
    };
    const values = await Promise.all(Array.from({ length: Number(callers) }, () => cache.getOrSet(key, load)));
    return { loads, values: [...new Set(values)] };
  },

  /** Many callers ask for one stale key, of which the new value takes so long to load; then it waits until that is there. */
  async stale() {
    const [key = '', callers = '1', milliseconds = '0'] = args;
    let loads = 0;
    const load = async () => {
      loads += 1;
      await delay(Number(milliseconds));
      return 'new';
    };
    const ask = () => cache.getOrSet(key, load, { ttl: 3_600_000, staleWhileRevalidate: 3_600_000 });
    const values = await Promise.all(Array.from({ length: Number(callers) }, ask));
    while ((await ask()) !== 'new') await delay(5);
    return { loads, values: [...new Set(values)] };
  },

  /** Increments one key, so many times. */
  async increments() {
    const [key = '', times = '0'] = args;
    const written = [];
    for (let time = 0; time < Number(times); time += 1) {
      written.push(await cache.update(key, (old) => Number(old ?? 0) + 1));
    }
    return written;
  },

  /** Sets other keys until it is told to stop. */
  async noise() {
    const end = lines.next();
    let stopped = false;
    void end.then(() => {
      stopped = true;
    });
    let sets = 0;
    while (!stopped) {
      for (const key of args) await cache.set(key, { filler: 'x'.repeat(sets % 500) });
      sets += 1;
      await delay(0);
    }
    return sets;
  },

  /** Reads one key without a pause, until it is told to stop; each value must be whole. */
  async reads() {
    const [key = ''] = args;
    let stopped = false;
    void lines.next().then(() => {
      stopped = true;
    });
    let reads = 0;
    while (!stopped) {
      for (let burst = 0; burst < 50; burst += 1) cache.getSync(key);
      reads += 50;
      await delay(0);
    }
    return reads;
  },

  /** Sets a key so many times; gives the longest that it waited, in milliseconds. */
  async writes() {
    const [key = '', times = '0'] = args;
    let longest = 0;
    for (let time = 0; time < Number(times); time += 1) {
      const start = performance.now();
      cache.setSync(key, { time, filler: 'x'.repeat(time % 200) });
      longest = Math.max(longest, performance.now() - start);
    }
    return { times: Number(times), longest };
  },

  /**
   * Sets and reads its own and others' keys until it is told to stop, and looks whether it agrees with the others; nothing but a documented
   * error may come of it. Then again, until it is told to end.
   */
  async works() {
    for (let round = 1; ; round += 1) {
      console.log(`round ${round}: ${JSON.stringify(await workUntilAgreed(round))}`);
      if ((await lines.next()).value === 'end') return round;
    }
  },
};

/** @param {number} round */
async function workUntilAgreed(round) {
  let stopped = false;
  void lines.next().then(() => {
    stopped = true;
  });
  /** @type {Record<string, number>} */
  const errors = {};
  let operations = 0;
  let foreign = 0;
  while (!stopped) {
    const key = `key-${Math.floor(Math.random() * 50)}`;
    try {
      if (Math.random() < 0.3) await cache.set(key, { key, filler: 'x'.repeat(Math.floor(Math.random() * 2000)) });
      else {
        const value = await cache.get(key);
        if (value !== undefined && /** @type {{ key: string }} */ (value).key !== key) foreign += 1;
      }
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
      errors[code] = (errors[code] ?? 0) + 1;
    }
    operations += 1;
    if (operations % 20 === 0) await delay(0);
  }
  const last = lines.next();
  console.log(`stopped ${round}`);
  await last;
  // Whoever works in a directory that was removed notices within a second.
  const deadline = performance.now() + 5000;
  let seen = await cache.get('agreed');
  while (seen === undefined && performance.now() < deadline) {
    await delay(20);
    seen = await cache.get('agreed');
  }
  // Where the words were replaced by a copy of themselves, only the look once a second tells who has which.
  await delay(1500);
  seen = await cache.get('agreed');
  const veryLast = lines.next();
  console.log(`agreed ${round}`);
  await veryLast;
  return { operations, foreign, errors, seen: [seen, cache.getSync('agreed')] };
}

console.log('ready');
await lines.next();
const outcome = await roles[role]?.();
await cache.close();
console.log(JSON.stringify(outcome));
process.exit();
