import { mkdirSync, rmSync } from 'node:fs';
import type { Assignment, TaskName } from '../work/index.js';
import { assignmentOf, type Load } from './measure-cell.js';
import { runTeam } from './team.js';

/** The result of a test in which all processes increment one number at once. */
export interface Counting {
  /** Increments that returned. */
  readonly increments: number;
  readonly incrementsPerSecond: number;
  /** Increments that returned, and are missing from the number. */
  readonly lost: number;
  readonly errors: number;
  readonly errorMessages: readonly string[];
}

/** The result of a stampede: many callers in all processes ask at once for keys that have not been loaded. */
export interface Stampede {
  readonly processes: number;
  /** Callers in each process. */
  readonly callers: number;
  readonly coldKeys: number;
  /** At best one for each cold key. */
  readonly loads: number;
  readonly errors: number;
  readonly errorMessages: readonly string[];
}

/** How many callers ask at once in each process, for how many keys in turn, and how long a load takes. */
export const STAMPEDE = { callers: 50, coldKeys: 3, loadMs: 300 } as const;

/** Lets all processes increment one number until the time is over; then another process reads it. */
export async function measureCounting(load: Load, workspacePath: string, signal: AbortSignal): Promise<Counting> {
  return inFolder(workspacePath, load.contender, async (directory) => {
    const outcomes = await runTeam(teamOf(load, directory, 'count'), signal);
    const [total] = await runTeam([{ ...assignmentOf(load, directory, 1), task: 'total' as const }], signal);
    const increments = outcomes.reduce((sum, outcome) => sum + outcome.increments, 0);
    const perSecond = outcomes.reduce((sum, outcome) => sum + (outcome.increments / outcome.elapsedMs) * 1_000, 0);
    return {
      increments,
      incrementsPerSecond: Math.round(perSecond),
      // An increment that failed may have happened all the same, so the number can be larger than the count.
      lost: Math.max(0, increments - (Number(total?.count) || 0)),
      ...errorsOf(outcomes),
    };
  });
}

/** Lets all processes ask for cold keys at once. */
export async function measureStampede(load: Load, workspacePath: string, signal: AbortSignal): Promise<Stampede> {
  return inFolder(workspacePath, load.contender, async (directory) => {
    const team = teamOf(load, directory, 'stampede').map((assignment) => ({ ...assignment, ...STAMPEDE }));
    const outcomes = await runTeam(team, signal);
    const { callers, coldKeys } = STAMPEDE;
    const loads = outcomes.reduce((sum, outcome) => sum + outcome.loads, 0);
    return { processes: load.processes, callers, coldKeys, loads, ...errorsOf(outcomes) };
  });
}

function teamOf<Name extends TaskName>(load: Load, directory: string, task: Name): (Assignment & { task: Name })[] {
  return Array.from({ length: load.processes }, (_, index) => ({
    ...assignmentOf(load, directory, index + 1),
    task,
  }));
}

function errorsOf(outcomes: readonly { errors: number; errorMessages: string[] }[]) {
  return {
    errors: outcomes.reduce((sum, outcome) => sum + outcome.errors, 0),
    errorMessages: [...new Set(outcomes.flatMap(({ errorMessages }) => errorMessages))].slice(0, 3),
  };
}

async function inFolder<T>(workspacePath: string, name: string, work: (directory: string) => Promise<T>): Promise<T> {
  const directory = `${workspacePath}/${name}`;
  mkdirSync(directory, { mode: 0o700 });
  try {
    return await work(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}
