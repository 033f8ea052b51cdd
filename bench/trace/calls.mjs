// @ts-check
// The program that bench/trace.mjs measures: calls of node:fs on one file, each by itself. Prints the times as JSON.
import { closeSync, openSync, promises, readFileSync, readSync, statSync, writeFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { lockFile } from '../../dist/index.js';

const [path = '', calls, bytes, way] = process.argv.slice(2);
const content = Buffer.alloc(Number(bytes), 'x');
const target = Buffer.alloc(Number(bytes));
writeFileSync(path, content);
const lock = way === 'locked' ? await lockFile(path, 'exclusive') : undefined;
const fd = openSync(path, 'r');

/** @type {Record<string, () => unknown>} */
const operations = {
  readFileSync: () => readFileSync(path),
  'promises.readFile': () => promises.readFile(path),
  writeFileSync: () => writeFileSync(path, content),
  'openSync, closeSync': () => closeSync(openSync(path, 'r')),
  'readSync of an open file': () => readSync(fd, target, 0, target.length, 0),
  'statSync, not observed': () => statSync(path),
};

/** @type {Record<string, { median: number, p95: number, p99: number }>} */
const results = {};
for (const [name, operation] of Object.entries(operations)) {
  await measure(operation, Number(calls) / 3);
  results[name] = await measure(operation, Number(calls));
}
closeSync(fd);
await lock?.release();
console.log(JSON.stringify(results));

/**
 * @param {() => unknown} operation
 * @param {number} count
 */
async function measure(operation, count) {
  /** @type {number[]} */
  const times = [];
  for (let call = 0; call < count; call += 1) {
    const start = performance.now();
    const result = operation();
    if (result instanceof Promise) await result;
    times.push((performance.now() - start) * 1000);
  }
  times.sort((a, b) => a - b);
  const at = (/** @type {number} */ part) => times[Math.floor(part * (times.length - 1))] ?? Number.NaN;
  return { median: at(0.5), p95: at(0.95), p99: at(0.99) };
}
