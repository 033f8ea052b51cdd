import {
  describeEnvironment,
  type RaceOptions,
  type RaceReport,
  type RaceResult,
  resolveRaceOptions,
} from '../report/index.js';
import { type RaceSetup, runStrategy } from './run-strategy.js';
import { openWorkspace } from './workspace.js';

/**
 * Races readers against writers, each a process of its own, over one small file: first with the naive code, then with
 * each strategy. Counts the readers that SIGBUS killed, the empty and torn reads, and the updates that were lost.
 *
 * What it shows has happened; what it does not show may need more time. It loads the machine fully, and forks
 * `readers + writers` processes at a time. When it settles, every process has ended, and its folder is removed. Where
 * the calling process is killed, the others end by themselves, and the folder stays.
 *
 * Rejects with `ERR_INVALID_ARGUMENT`, with `ERR_MAP_UNSUPPORTED` where readers would map and koffi is missing, with
 * `ERR_LOCK_UNSUPPORTED` where there is no flock(2) for a strategy that needs it, and with the system's error where the
 * folder or a process cannot be made. An abort does not reject: the report says `interrupted`.
 */
export async function runRace(options: RaceOptions = {}): Promise<RaceReport> {
  return runRaceWith(options, { childFolder: new URL('../processes/', import.meta.url), lock: 'real' });
}

/** {@link runRace}, with settings that only tests change. */
export async function runRaceWith(options: RaceOptions, setup: RaceSetup): Promise<RaceReport> {
  const resolved = resolveRaceOptions(options);
  const signal = options.signal ?? new AbortController().signal;
  const workspace = openWorkspace(options.directory);
  try {
    const startedAt = new Date().toISOString();
    const environment = describeEnvironment(workspace.path);
    const results: RaceResult[] = [];
    for (const strategy of resolved.strategies) {
      if (signal.aborted) break;
      const { onProgress } = options;
      const run = { ...setup, strategy, options: resolved, workspacePath: workspace.path, signal, onProgress };
      const result = await runStrategy(run);
      if (result !== undefined) results.push(result);
    }
    return { schema: 1, startedAt, environment, options: resolved, interrupted: signal.aborted, strategies: results };
  } finally {
    workspace.remove();
  }
}
