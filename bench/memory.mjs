// @ts-check
// npm run bench:memory: what a hit in memory costs beside LRUCache (nothing shared) and lmdb (shared, decoded at each read), what the tier costs
// where it does not help, and whether processes stand in each other's way. With NODE_ENV=production; 5,000 keys of about 1 KB of JSON.
// lmdb comes from bench/peers: `npm run bench:peers` installs it.
import { fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { LRUCache } from 'lru-cache';

process.env['NODE_ENV'] = 'production';
const { FileCache } = await import('../dist/index.js');
const { keys, shuffledKeys, profile } = await import('./memory/values.mjs');
const { measured, ratioOf } = await import('./support/ratios.mjs');
const { runBench } = await import('./support/report.mjs');
const { interleave, nanosecondsOf, nanosecondsOfAsync } = await import('./support/rounds.mjs');

const WORKER = fileURLToPath(new URL('./memory/worker.mjs', import.meta.url));
/** So few that every read of another key is a miss in memory. */
const HARDLY_ANY = 16;

await runBench('memory', async ({ folder, rounds, quick }) => {
  const milliseconds = quick ? 100 : 500;
  const order = shuffledKeys();
  const key = (/** @type {number} */ index) => order[index % order.length] ?? '';

  const cache = new FileCache({ directory: `${folder}/cache` });
  const cold = new FileCache({ directory: `${folder}/cache`, memory: { maxEntries: HARDLY_ANY } });
  const off = new FileCache({ directory: `${folder}/cache`, memory: false });
  const lru = new LRUCache({ max: 10_000, maxSize: 64 * 1024 * 1024 });
  const lmdb = await openLmdb(`${folder}/lmdb`);
  for (const [index, name] of keys.entries()) {
    cache.setSync(name, profile(index));
    cache.getSync(name);
    lru.set(name, profile(index), { size: 1000 });
    await lmdb.put(name, profile(index));
  }

  // In long loops, one after the other: a hit is to be measured where hits are frequent, and finds the processor's caches warm.
  const figures = await interleave(rounds, {
    'LRUCache.get': () => nanosecondsOf(milliseconds, (index) => lru.get(key(index))),
    getSync: () => nanosecondsOf(milliseconds, (index) => cache.getSync(key(index))),
    get: () => nanosecondsOfAsync(milliseconds, async (index) => cache.get(key(index))),
    'lmdb get': () => nanosecondsOf(milliseconds, (index) => lmdb.get(key(index))),
    'lmdb get, async': () => nanosecondsOfAsync(milliseconds, async (index) => lmdb.get(key(index))),
    'getSync, missing in memory': () => nanosecondsOf(milliseconds, (index) => cold.getSync(key(index))),
    'getSync, memory: false': () => nanosecondsOf(milliseconds, (index) => off.getSync(key(index))),
  });
  for (const [name, nanoseconds] of Object.entries(figures)) {
    console.log(`${name.padEnd(28)} ${nanoseconds.map((figure) => figure.toFixed(0).padStart(7)).join('')}  ns`);
  }
  const { memory } = await cache.stats();
  if (memory.state !== 'on' || memory.entries !== keys.length) throw new Error('Not every key was in memory.');
  for (const one of [cache, cold, off]) await one.close();
  await lmdb.close();

  const scaling = await interleave(rounds, {
    FileCache: () => scalingOf('holdfast', `${folder}/cache`, milliseconds),
    LRUCache: () => scalingOf('lru', `${folder}/cache`, milliseconds),
  });
  return {
    results: { nanoseconds: figures, scaling },
    ratios: [
      ratioOf('getSync in memory / LRUCache.get', figures.getSync, figures['LRUCache.get'], { max: 2 }),
      ratioOf('lmdb get / getSync in memory', figures['lmdb get'], figures.getSync, { min: 15 }),
      ratioOf('lmdb get / get in memory, both async', figures['lmdb get, async'], figures.get, { min: 8 }),
      ratioOf('miss in memory / no tier', figures['getSync, missing in memory'], figures['getSync, memory: false'], {
        max: 1.1,
      }),
      measured(
        'two processes, FileCache / LRUCache',
        scaling.FileCache.map((figure, round) => figure / (scaling.LRUCache[round] ?? Number.NaN)),
        { min: 0.9 },
        'times',
      ),
    ],
  };
});

/**
 * How many times as much two processes do as one.
 *
 * @param {'holdfast' | 'lru'} kind
 * @param {string} directory
 * @param {number} milliseconds
 */
async function scalingOf(kind, directory, milliseconds) {
  const [alone] = await hitsPerSecond(1, kind, directory, milliseconds);
  const [one, other] = await hitsPerSecond(2, kind, directory, milliseconds);
  return ((one ?? Number.NaN) + (other ?? Number.NaN)) / (alone ?? Number.NaN);
}

/**
 * @param {number} processes
 * @param {'holdfast' | 'lru'} kind
 * @param {string} directory
 * @param {number} milliseconds
 * @returns {Promise<number[]>}
 */
async function hitsPerSecond(processes, kind, directory, milliseconds) {
  const workers = Array.from({ length: processes }, () => fork(WORKER, [kind, directory, String(milliseconds)]));
  try {
    await Promise.all(workers.map((worker) => message(worker)));
    for (const worker of workers) worker.send('go');
    return (await Promise.all(workers.map((worker) => message(worker)))).map(Number);
  } finally {
    for (const worker of workers) worker.kill();
  }
}

/** @param {import('node:child_process').ChildProcess} worker */
function message(worker) {
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('exit', (code) => reject(new Error(`A worker ended with ${code}.`)));
  });
}

/**
 * @param {string} path
 * @returns {Promise<{ get(key: string): unknown, put(key: string, value: unknown): Promise<boolean>, close(): Promise<void> }>}
 */
async function openLmdb(path) {
  const fromPeers = createRequire(new URL('./peers/package.json', import.meta.url));
  try {
    return fromPeers('lmdb').open({ path });
  } catch (cause) {
    throw new Error('lmdb is not installed: run npm run bench:peers once.', { cause });
  }
}
