import { STRATEGY_NAMES } from '../../src/file/index.js';
import type { RaceLock } from '../../src/race/contenders/broken-lock.js';
import type { RaceAccess, RaceOptions, RaceProgress, RaceResult, RaceStrategy } from '../../src/race/index.js';
import { runRaceWith } from '../../src/race/run/run-race.js';
import { needs } from './needs.js';

/** Processes are started from the build. */
const CHILD_FOLDER = new URL('../../dist/race/processes/', import.meta.url);

/** What section 6 of the design calls safe: each strategy with each access, since readers hold its lock where it needs one. */
export const SAFE: readonly (readonly [Exclude<RaceStrategy, 'naive'>, RaceAccess])[] = STRATEGY_NAMES.flatMap((name) =>
  (['mmap', 'read', 'stream'] as const).map((access) => [name, access] as const),
);

/** Eight processes: with two a race is won by luck. */
export const EIGHT = { readers: 5, writers: 3 } as const;

/** What nothing but a broken strategy shows. */
export const CLEAN = { sigbus: 0, empty: 0, torn: 0, lost: 0, errors: 0, errorMessages: [] } as const;

/** Races one strategy; `lock` breaks its lock. */
export async function raceOne(
  strategy: RaceStrategy,
  options: Omit<RaceOptions, 'strategies'>,
  lock: RaceLock = 'real',
): Promise<RaceResult> {
  const report = await runRaceWith({ strategies: [strategy], ...options }, { childFolder: CHILD_FOLDER, lock });
  const [result] = report.strategies;
  if (result === undefined) throw new Error('The race ended before it began.');
  return result;
}

/** The same, until it has shown what is asked for, or an error. Within 20 s it surely has, on any machine. */
export async function raceUntil(
  seen: (progress: RaceProgress) => boolean,
  strategy: RaceStrategy,
  options: Omit<RaceOptions, 'strategies' | 'seconds' | 'signal' | 'onProgress'>,
  lock: RaceLock = 'real',
): Promise<RaceResult> {
  const enough = new AbortController();
  const onProgress = (progress: RaceProgress) => {
    if (seen(progress) || progress.errors > 0) enough.abort();
  };
  return raceOne(strategy, { ...options, seconds: 20, signal: enough.signal, onProgress }, lock);
}

/** The code with which a race must be refused on this machine; `undefined` where it can be run. */
export function refusalOf(strategy: RaceStrategy, access: RaceAccess): string | undefined {
  if (access === 'mmap' && !needs('koffi')) return 'ERR_MAP_UNSUPPORTED';
  const locks = strategy !== 'naive' && strategy !== 'proper-lockfile';
  return locks && !needs('koffi') && !needs('fs-ext') ? 'ERR_LOCK_UNSUPPORTED' : undefined;
}
