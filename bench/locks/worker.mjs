// @ts-check
// One process of bench/locks.mjs. It says `ready`, works from `go` to `stop`, and reports what it counted.
import { once } from 'node:events';
import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { lockFile, updateFile } from '../../dist/index.js';

const [role = '', path = '', amount = '0'] = process.argv.slice(2);
let stopped = false;

/** @param {Buffer | undefined} old */
const increment = (old) => String(Number(old ?? 0) + 1).padStart(12, '0');

/** The work of an update and nothing else: read the file, write it where it is. */
function updateUnlocked() {
  const reader = openSync(path, 'r');
  const old = Buffer.allocUnsafe(fstatSync(reader).size);
  readSync(reader, old, 0, old.length, 0);
  closeSync(reader);
  const writer = openSync(path, 'r+');
  const next = Buffer.from(increment(old));
  writeSync(writer, next, 0, next.length, 0);
  closeSync(writer);
}

/** @type {Record<string, () => Promise<void>>} */
const steps = {
  holdfast: () => updateFile(path, increment, { strategy: 'flock', timeout: 60_000 }),
  'holdfast-rename': () => updateFile(path, increment, { strategy: 'rename', timeout: 60_000 }),
  async blocking() {
    const fd = openSync(`${path}.lock`, 'a+');
    flockSync(fd, 'ex');
    updateUnlocked();
    closeSync(fd);
  },
  async reader() {
    const lock = await lockFile(path, 'shared', { timeout: 60_000 });
    await delay(Number(amount));
    await lock.release();
  },
  writer: () => updateFile(path, increment, { strategy: 'flock', timeout: 60_000 }),
  'paced-writer': () => updateFile(path, increment, { strategy: 'flock', timeout: 60_000 }),
};

const { flockSync } = role === 'blocking' ? createRequire(import.meta.url)('fs-ext') : { flockSync() {} };
const step = steps[role];
if (step === undefined) throw new Error(`unknown role ${role}`);
const ends = role === 'writer' || role === 'paced-writer';
const limit = ends ? Number(amount) : Number.POSITIVE_INFINITY;

/** How long each process works before its figures count: services live long, compilers do not stop before seconds. */
const WARM_UP_MS = Number(process.env['WARM_UP_MS'] ?? 4000);

process.on('disconnect', () => process.exit(1));
process.on('message', (message) => {
  stopped = message === 'stop';
});
process.send?.('ready');
await once(process, 'message');

/** @type {number[]} */
let waits = [];
let done = 0;
let warmUpUpdates = 0;
let lastYield = performance.now();
let cpuBefore = process.cpuUsage();
const warmUntil = lastYield + (ends || role === 'reader' ? 0 : WARM_UP_MS);
while (!stopped && done < limit) {
  if (warmUpUpdates === 0 && lastYield >= warmUntil) {
    warmUpUpdates = done;
    waits = [];
    done = 0;
    cpuBefore = process.cpuUsage();
  }
  const start = performance.now();
  await step();
  const end = performance.now();
  waits.push(end - start);
  done += 1;
  if (role === 'paced-writer') await delay(2);
  // Lets the order to stop in. The blocking form never yields by itself.
  if (end - lastYield > 50) {
    await new Promise((resolve) => setImmediate(resolve));
    lastYield = performance.now();
  }
}
const cpu = process.cpuUsage(cpuBefore);
waits.sort((a, b) => a - b);
process.send?.({
  done,
  warmUpUpdates,
  waits: { p50: at(0.5), p99: at(0.99), max: at(1) },
  cpuMs: (cpu.user + cpu.system) / 1000,
});
process.disconnect();

/** @param {number} share */
function at(share) {
  return waits[Math.min(waits.length - 1, Math.floor(waits.length * share))] ?? 0;
}
