// @ts-check
// Reads and writes a few keys as fast as it can, and writes down what it saw and when: node coherent-worker.mjs OPTIONS, as JSON. It says `ready`,
// begins at `go`, and ends with `done`. With `threads` it does all that in so many worker threads, with one history each.
import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { FileCache } from '../../dist/cache/file-cache.js';
import { MemoryTier } from '../../dist/cache/read/memory-tier.js';
import { isOdd, protocol } from '../../dist/cache/shared/protocol.js';

/**
 * @typedef {{ directory: string, strategy: 'rename' | 'flock', keys: string[], seconds: number, writer: number, history: string,
 *   broken?: 'no epoch check' | 'epoch after reading', threads?: number }} Options
 */

/** A tier that is broken on purpose. @type {Record<string, () => void>} */
const BREAK = {
  'no epoch check': () => {
    protocol.hit[1] = () => undefined;
  },
  'epoch after reading': () => {
    const { keep } = MemoryTier.prototype;
    MemoryTier.prototype.keep = function (era, kept, bytes) {
      const epoch = era.words.epoch(kept.slot);
      if (!isOdd(epoch)) keep.call(this, era, { ...kept, epoch }, bytes);
    };
  },
};

/** Takes some time to decode, so that there is a moment between reading the disk and keeping the value. */
const codec = {
  encode: (/** @type {number} */ value) => Buffer.from(String(value)),
  decode: (/** @type {Buffer} */ bytes) => {
    const end = performance.now() + 0.2;
    while (performance.now() < end);
    return Number(bytes.toString());
  },
};

/** Nanoseconds of a clock that all processes share, from a beginning that they share too. */
const now = () => Number(process.hrtime.bigint() % 1_000_000_000_000_000n);

/** @param {Options} options */
async function work({ directory, strategy, keys, seconds, writer, history, broken }) {
  if (broken !== undefined) BREAK[broken]?.();
  // Two instances, as if two parts of a program had opened the same cache.
  const caches = [0, 1].map(() => new FileCache({ directory, strategy, codec, lockTimeout: 60_000 }));
  /** @type {number[]} */
  const seen = [];
  let value = writer * 10_000_000;
  const end = performance.now() + seconds * 1000;
  for (let turn = 0; performance.now() < end; turn += 1) {
    const cache = caches[turn % 2];
    const key = Math.floor(Math.random() * keys.length);
    const name = keys[key];
    if (cache === undefined || name === undefined) continue;
    const kind = Math.random();
    const start = now();
    if (kind < 0.1) {
      value += 1;
      if (kind < 0.05) cache.setSync(name, value);
      else await cache.set(name, value);
      seen.push(1, key, value, start, now());
    } else if (kind < 0.12) {
      cache.deleteSync(name);
      seen.push(1, key, 0, start, now());
    } else {
      const found = kind < 0.7 ? cache.getSync(name) : await cache.get(name);
      seen.push(0, key, found ?? 0, start, now());
    }
    if (turn % 256 === 0) await delay(0);
  }
  for (const cache of caches) await cache.close();
  writeFileSync(history, new Float64Array(seen));
}

if (!isMainThread) await work(workerData);
else {
  /** @type {Options} */
  const options = JSON.parse(process.argv[2] ?? '{}');
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  console.log('ready');
  await lines.next();
  const { threads = 0 } = options;
  if (threads === 0) await work(options);
  await Promise.all(
    Array.from({ length: threads }, (_, thread) => {
      const data = { ...options, writer: options.writer + thread, history: `${options.history}-${thread}` };
      const worker = new Worker(new URL(import.meta.url), { workerData: data });
      return new Promise((resolve, reject) => {
        worker.once('error', reject);
        worker.once('exit', resolve);
      });
    }),
  );
  console.log('done');
  process.exit();
}
