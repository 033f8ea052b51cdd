import { mkdirSync, rmSync } from 'node:fs';
import type { BenchCell } from '../report/index.js';
import { Histogram } from '../values/index.js';
import type { Assignment, MixOutcome } from '../work/index.js';
import { runTeam } from './team.js';

/** One combination to measure. */
export interface Load<Name extends string = string> {
  readonly contender: Name;
  /** The module (a URL) that opens the contender. */
  readonly module: string;
  readonly processes: number;
  /** The percentage of operations that read. */
  readonly reads: number;
  readonly keys: number;
  readonly seconds: number;
  readonly bytes: number;
  readonly seed: number;
}

/** The length of the unmeasured run before, as a part of the measured time: compilers and page caches get warm. */
const WARM_UP_SHARE = 0.5;

/**
 * Measures one contender under one load: a process writes every key, then all processes read and write until the time
 * is over. Works in a folder of its own below `workspacePath`, and removes it. Rejects as {@link runTeam} does; no
 * process is left in any case.
 */
export async function measureCell<Name extends string>(
  load: Load<Name>,
  workspacePath: string,
  signal: AbortSignal,
): Promise<BenchCell<Name>> {
  const directory = `${workspacePath}/${load.contender}`;
  mkdirSync(directory, { mode: 0o700 });
  try {
    await runTeam([{ ...assignmentOf(load, directory, 1), task: 'fill' }], signal);
    const outcomes = await runTeam(
      Array.from({ length: load.processes }, (_, index) => ({
        ...assignmentOf(load, directory, index + 1),
        task: 'mix' as const,
      })),
      signal,
    );
    return cellOf(load, outcomes);
  } finally {
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** The part of an assignment that does not depend on the task. */
export function assignmentOf(load: Omit<Load, 'processes'>, directory: string, number: number): Assignment {
  const { contender, module, reads, keys, seconds, bytes, seed } = load;
  const measureMs = seconds * 1_000;
  const warmUpMs = measureMs * WARM_UP_SHARE;
  const stampede = { callers: 0, coldKeys: 0, loadMs: 0 };
  const common = { contender, module, directory, number, keys, reads, bytes, seed, warmUpMs, measureMs };
  return { task: 'fill', operation: 'read', ...common, ...stampede };
}

function cellOf<Name extends string>(load: Load<Name>, outcomes: readonly MixOutcome[]): BenchCell<Name> {
  const { contender, processes, reads, keys } = load;
  const sum = (of: (outcome: MixOutcome) => number) => outcomes.reduce((total, outcome) => total + of(outcome), 0);
  const histogram = new Histogram();
  for (const { latency } of outcomes) histogram.merge(latency);
  const operations = sum((outcome) => outcome.operations);
  const perProcess = outcomes.map((outcome) => outcome.operations);
  const cpuSeconds = sum(({ cpuMs }) => cpuMs) / 1_000;
  return {
    contender,
    processes,
    reads,
    keys,
    operations,
    operationsPerSecond: Math.round(sum((outcome) => (outcome.operations / outcome.elapsedMs) * 1_000)),
    latency: histogram.latency(),
    perProcess,
    slowestToFastest: rounded(Math.min(...perProcess) / Math.max(1, ...perProcess)),
    cpuSecondsPerMillion: operations === 0 ? null : rounded((cpuSeconds / operations) * 1e6),
    lockWaits: sumOfWaits(outcomes),
    descriptors: mostDescriptors(outcomes),
    empty: sum(({ empty }) => empty),
    torn: sum(({ torn }) => torn),
    errors: sum(({ errors }) => errors),
    errorMessages: [...new Set(outcomes.flatMap(({ errorMessages }) => errorMessages))].slice(0, 3),
  };
}

function sumOfWaits(outcomes: readonly MixOutcome[]): BenchCell['lockWaits'] {
  let count = 0;
  let milliseconds = 0;
  for (const { lockWaits } of outcomes) {
    if (lockWaits === null) return null;
    count += lockWaits.count;
    milliseconds += lockWaits.milliseconds;
  }
  return { count, milliseconds: rounded(milliseconds) };
}

function mostDescriptors(outcomes: readonly MixOutcome[]): number | null {
  return outcomes.reduce<number | null>(
    (most, { descriptors }) => (most === null || descriptors === null ? null : Math.max(most, descriptors)),
    0,
  );
}

function rounded(number: number): number {
  return Number(number.toPrecision(4));
}
