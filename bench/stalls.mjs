// @ts-check
// npm run bench:stalls: for how long a set and a get of large values keep the event loop, for each codec. Prints figures; asserts nothing.
// A parse cannot be cut into slices: whoever stores such values as JSON pays for it here, and not with bytes or streams.
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { FileCache } from '../dist/index.js';
import { filesystemKind } from '../dist/os/filesystem.js';

const MEGABYTE = 1024 * 1024;
/** Of one record of the JSON below. */
const RECORD = { id: 184_467, name: 'Wilhelmina Oosterhuis', scores: [1, 4, 9, 16, 25, 36], text: 'rivers and ports' };

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '3' }, megabytes: { type: 'string', default: '1,16,64,256' } },
});
const rounds = Number(values.rounds);

/** @typedef {'bytes' | 'text' | 'json' | 'v8'} CodecName */
/** @type {Record<CodecName, (bytes: number) => unknown>} */
const VALUES = {
  bytes: (bytes) => Buffer.alloc(bytes, 'holdfast'),
  text: (bytes) => 'holdfast'.repeat(bytes / 8),
  json: records,
  v8: records,
};

const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
console.log(
  `node ${process.version}, Linux ${release()}, ${availableParallelism()} cores (${cpus()[0]?.model.trim()})`,
);
console.log(
  `${filesystemKind(folder)} at ${folder}; milliseconds, median of ${rounds} rounds: longest stall / whole call\n`,
);
try {
  for (const megabytes of values.megabytes.split(',').map(Number)) {
    for (const codec of /** @type {CodecName[]} */ (Object.keys(VALUES))) await measure(codec, megabytes);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/**
 * @param {CodecName} codec
 * @param {number} megabytes
 */
async function measure(codec, megabytes) {
  const value = VALUES[codec](megabytes * MEGABYTE);
  const cache = new FileCache({ directory: join(folder, `${codec}-${megabytes}`), codec, memory: false });
  const sets = [];
  const gets = [];
  try {
    for (let round = 0; round < rounds; round += 1) {
      sets.push(await stallOf(() => cache.set('key', value)));
      gets.push(await stallOf(() => cache.get('key')));
    }
  } finally {
    await cache.delete('key');
    await cache.close();
  }
  console.log(`${codec.padEnd(5)} ${String(megabytes).padStart(4)} MB   set ${print(sets)}   get ${print(gets)}`);
}

/**
 * The longest time between two turns of the event loop while something is under way, and how long that took.
 * @param {() => Promise<unknown>} work
 */
async function stallOf(work) {
  let stall = 0;
  let working = true;
  const start = performance.now();
  let last = start;
  const turn = () => {
    const now = performance.now();
    stall = Math.max(stall, now - last);
    last = now;
    if (working) setImmediate(turn);
  };
  setImmediate(turn);
  await work();
  turn();
  working = false;
  return { stall, whole: last - start };
}

/** @param {{ stall: number, whole: number }[]} measured */
function print(measured) {
  const stall = median(measured.map((one) => one.stall));
  const whole = median(measured.map((one) => one.whole));
  return `${stall.toFixed(1).padStart(8)} / ${whole.toFixed(1).padEnd(8)}`;
}

/** @param {number[]} numbers */
function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** @param {number} bytes */
function records(bytes) {
  const length = Math.ceil(bytes / JSON.stringify(RECORD).length);
  return Array.from({ length }, (_, id) => ({ ...RECORD, id }));
}
