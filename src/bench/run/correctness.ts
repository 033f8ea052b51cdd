import { mkdirSync, rmSync } from 'node:fs';
import type { Assignment, TaskName } from '../work/index.js';
import { assignmentOf, type Load } from './measure-cell.js';
import { runTeam } from './team.js';

/** What increments of one number by all processes at once have shown. */
export interface Counting {
  /** Those that returned. */
  readonly increments: number;
  readonly incrementsPerSecond: number;
  /** Those that returned and are not in the number afterwards. */
  readonly lost: number;
  readonly errors: number;
  readonly errorMessages: readonly string[];
}

/** What many callers of all processes at once, on keys that nobody has loaded, have shown. */
export interface Stampede {
  readonly processes: number;
  /** In each process. */
  readonly callers: number;
  readonly coldKeys: number;
  /** As many as cold keys, at best. */
  readonly loads: number;
  readonly errors: number;
  readonly errorMessages: readonly string[];
}

/** How many callers ask at once in each process, for how many keys one after the other, and how long a load takes. */
export const STAMPEDE = { callers: 50, coldKeys: 3, loadMs: 300 } as const;

/** Lets all processes count one number up until the time is over; then another process reads what it has come to. */
export async function measureCounting(load: Load, workspacePath: string, signal: AbortSignal): Promise<Counting> {
  return inFolder(workspacePath, load.contender, async (directory) => {
    const outcomes = await runTeam(teamOf(load, directory, 'count'), signal);
    const [total] = await runTeam([{ ...assignmentOf(load, directory, 1), task: 'total' as const }], signal);
    const increments = outcomes.reduce((sum, outcome) => sum + outcome.increments, 0);
    const perSecond = outcomes.reduce((sum, outcome) => sum + (outcome.increments / outcome.elapsedMs) * 1_000, 0);
    return {
      increments,
      incrementsPerSecond: Math.round(perSecond),
      // What failed may have been counted all the same, so that there can be more than was told of.
      lost: Math.max(0, increments - (Number(total?.count) || 0)),
      ...errorsOf(outcomes),
    };
  });
}

/** Lets all processes ask for cold keys. */
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
