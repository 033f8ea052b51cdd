// @ts-check
// npm run bench:locks: what the locks cost, and how fair they are. Prints figures; asserts nothing.
import { readFileSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { lockFile } from '../dist/index.js';
import { flockMechanism } from '../dist/os/flock.js';
import { runTeam } from './locks/team.mjs';
import { measured, median, ratioOf } from './support/ratios.mjs';
import { positive, runBench } from './support/report.mjs';

const OWN = { seconds: '3', processes: '8', only: '' };

await runBench(
  'locks',
  async ({ folder, rounds, quick, own }) => {
    const plan = {
      directory: folder,
      rounds,
      milliseconds: (quick ? 1 : positive(own, 'seconds')) * 1000,
      processes: positive(own, 'processes'),
      warmUpMs: Number(process.env['WARM_UP_MS'] ?? 4000),
    };
    console.log(`flock through ${flockMechanism()}, ${rounds} rounds\n`);
    const chosen = (/** @type {string} */ name) => own['only'] === '' || own['only'] === name;
    const fair = chosen('fairness') ? await fairness(plan) : undefined;
    const starved = chosen('starvation') ? await starvation(plan) : undefined;
    const waiting = chosen('waiters') ? await waiters(plan) : undefined;
    return {
      options: { warmUpMs: plan.warmUpMs },
      results: { fairness: fair, starvation: starved, waiters: waiting },
      ratios: [
        ...(fair === undefined ? [] : fairnessTargets(fair)),
        ...(starved === undefined ? [] : starvationTargets(starved)),
      ],
    };
  },
  OWN,
);

/**
 * @typedef {{ directory: string, rounds: number, milliseconds: number, processes: number, warmUpMs: number }} Plan
 * @typedef {{ perSecond: number, ratio: number, longest: number, p99: number, cpu: number }} Fairness
 * @typedef {{ role: string, p50: number, p99: number, max: number }} Starvation
 */

/**
 * @param {Record<string, Fairness[]>} results
 * @returns {import('./support/ratios.mjs').Ratio[]}
 */
function fairnessTargets({ holdfast = [], blocking = [] }) {
  const perSecond = (/** @type {Fairness[]} */ rows) => rows.map((row) => row.perSecond);
  const title = 'updates of one file in eight processes';
  return [
    ratioOf(`${title}, throughput to blocking flock`, perSecond(holdfast), perSecond(blocking), { min: 0.9 }),
    measured(
      `${title}, slowest to fastest process`,
      holdfast.map((row) => row.ratio),
      { min: 0.5 },
      'times',
    ),
    measured(
      `${title}, longest wait`,
      holdfast.map((row) => row.longest),
      { max: 500 },
      'ms',
    ),
  ];
}

/**
 * @param {Starvation[]} results
 * @returns {import('./support/ratios.mjs').Ratio[]}
 */
function starvationTargets(results) {
  return ['writer', 'paced-writer'].map((role) => {
    const waits = results.filter((result) => result.role === role).map(({ p99 }) => p99);
    return measured(`wait of a ${role} beside eight readers, 99th percentile`, waits, { max: 250 }, 'ms');
  });
}

/** @param {Plan} plan */
async function fairness({ directory, rounds, milliseconds, processes, warmUpMs }) {
  const roles = ['blocking', 'holdfast'];
  const seconds = milliseconds / 1000;
  console.log(
    `Fairness: ${processes} processes update one file in a loop for ${seconds} s (after ${warmUpMs / 1000} s of warm-up), in place, beside a blocking flockSync`,
  );
  /** @type {Record<string, Fairness[]>} */
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
  return results;
}

/** @param {Plan} plan */
async function starvation({ directory, rounds, processes }) {
  /** @type {Starvation[]} */
  const results = [];
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
      if (writer !== undefined) results.push({ role, ...writer.waits });
    }
  }
  console.log();
  return results;
}

/** @param {Plan} plan */
async function waiters({ directory }) {
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
  return { alone: alone.length, beside: beside.length };
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
