// @ts-check
// npm run bench:locks: what the locks cost, and how fair they are. Prints figures; asserts nothing.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { availableParallelism, cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { lockFile } from '../dist/index.js';
import { filesystemKind } from '../dist/os/filesystem.js';
import { flockMechanism } from '../dist/os/flock.js';
import { runTeam } from './locks/team.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '3' },
    processes: { type: 'string', default: '8' },
    only: { type: 'string' },
  },
});
const rounds = Number(values.rounds);
const milliseconds = Number(values.seconds) * 1000;
const processes = Number(values.processes);
const warmUpMs = Number(process.env['WARM_UP_MS'] ?? 4000);
const directory = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));

console.log(
  `node ${process.version}, Linux ${release()}, ${availableParallelism()} cores (${cpus()[0]?.model.trim()})`,
);
console.log(`${filesystemKind(directory)} at ${directory}, flock through ${flockMechanism()}, ${rounds} rounds\n`);

try {
  if (chosen('fairness')) await fairness();
  if (chosen('starvation')) await starvation();
  if (chosen('waiters')) await waiters();
} finally {
  rmSync(directory, { recursive: true, force: true });
}

/** @param {string} name */
function chosen(name) {
  return values.only === undefined || values.only === name;
}

async function fairness() {
  const roles = ['blocking', 'holdfast'];
  const seconds = milliseconds / 1000;
  console.log(
    `Fairness: ${processes} processes update one file in a loop for ${seconds} s (after ${warmUpMs / 1000} s of warm-up), in place, beside a blocking flockSync`,
  );
  /** @type {Record<string, { perSecond: number, ratio: number, longest: number, p99: number, cpu: number }[]>} */
  const results = { blocking: [], holdfast: [] };
  for (let round = 0; round < rounds; round += 1) {
    for (const role of roles) {
      const path = join(directory, `fairness-${role}-${round}`);
      writeFileSync(path, '0'.padStart(12, '0'));
      const outcomes = await runTeam(Array(processes).fill({ role }), path, {
        milliseconds: warmUpMs + milliseconds,
      });
      const done = outcomes.map((outcome) => outcome.done);
      const total = done.reduce((sum, count) => sum + count, 0);
      const counted = Number(readFileSync(path));
      const warmUp = outcomes.reduce((sum, outcome) => sum + outcome.warmUpUpdates, 0);
      if (counted !== total + warmUp)
        throw new Error(`${role}: ${total + warmUp} updates returned, the file says ${counted}`);
      results[role]?.push({
        perSecond: total / seconds,
        ratio: Math.min(...done) / Math.max(...done),
        longest: Math.max(...outcomes.map((outcome) => outcome.waits.max)),
        p99: Math.max(...outcomes.map((outcome) => outcome.waits.p99)),
        cpu: outcomes.reduce((sum, outcome) => sum + outcome.cpuMs, 0) / milliseconds,
      });
    }
  }
  for (const role of roles) {
    const rows = results[role] ?? [];
    console.log(
      `  ${role.padEnd(9)} ${median(rows.map((row) => row.perSecond))
        .toFixed(0)
        .padStart(7)} updates/s` +
        `   slowest/fastest ${median(rows.map((row) => row.ratio)).toFixed(2)}` +
        `   longest wait ${median(rows.map((row) => row.longest)).toFixed(0)} ms (worst round ${Math.max(...rows.map((row) => row.longest)).toFixed(0)})` +
        `   cores busy ${median(rows.map((row) => row.cpu)).toFixed(2)}`,
    );
  }
  const ratios = (results['holdfast'] ?? []).map(
    (row, round) => row.perSecond / (results['blocking']?.[round]?.perSecond ?? 1),
  );
  console.log(
    `  throughput, ratio to blocking in the same round: median ${median(ratios).toFixed(2)} (${ratios.map((ratio) => ratio.toFixed(2)).join(' ')})\n`,
  );
}

async function starvation() {
  const writes = 300;
  console.log(
    `Starvation: ${processes} processes hold the shared lock 5 ms each, back to back; one writer does ${writes} writes`,
  );
  for (const role of ['writer', 'paced-writer']) {
    console.log(
      role === 'writer' ? '  back to back' : '  with a pause of 2 ms after each, so that each has to wait anew',
    );
    for (let round = 0; round < rounds; round += 1) {
      const path = join(directory, `starvation-${role}-${round}`);
      writeFileSync(path, '0'.padStart(12, '0'));
      const readers = Array(processes).fill({ role: 'reader', amount: 5 });
      const outcomes = await runTeam([...readers, { role, amount: writes }], path);
      const writer = outcomes.find((outcome) => outcome.role === role);
      const reads = outcomes.filter((outcome) => outcome.role === 'reader').map((outcome) => outcome.done);
      console.log(
        `    waited p50 ${writer?.waits.p50.toFixed(1)} ms, p99 ${writer?.waits.p99.toFixed(1)} ms, max ${writer?.waits.max.toFixed(1)} ms` +
          `   holds per reader ${Math.min(...reads)} to ${Math.max(...reads)}`,
      );
    }
  }
  console.log();
}

async function waiters() {
  const count = 64;
  console.log(`Waiters: fs.promises.readFile of another file while ${count} requests of this process wait for a lock`);
  const path = join(directory, 'waiters');
  const other = join(directory, 'other');
  writeFileSync(other, 'x');
  const alone = await readsFor(other, 500);
  const held = await lockFile(path, 'exclusive');
  const waiting = Array.from({ length: count }, async () => (await lockFile(path, 'exclusive')).release());
  const beside = await readsFor(other, 500);
  await held.release();
  await Promise.all(waiting);
  console.log(`  alone ${describe(alone)}\n  beside the waiters ${describe(beside)}\n`);
}

/**
 * @param {string} path
 * @param {number} duration
 */
async function readsFor(path, duration) {
  /** @type {number[]} */
  const delays = [];
  const end = performance.now() + duration;
  while (performance.now() < end) {
    const start = performance.now();
    await readFile(path);
    delays.push(performance.now() - start);
    await delay(0);
  }
  return delays.sort((a, b) => a - b);
}

/** @param {number[]} delays */
function describe(delays) {
  const at = (/** @type {number} */ share) => (delays[Math.floor((delays.length - 1) * share)] ?? 0).toFixed(2);
  return `${delays.length} reads, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms`;
}

/** @param {number[]} numbers */
function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
