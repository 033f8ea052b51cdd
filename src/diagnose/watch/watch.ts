import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { invalidArgument } from '../../errors.js';
import { absolutePath } from '../../os/paths.js';
import { monotonicNow } from '../../os/timers.js';
import { toMicroseconds, type WatchEvent } from './events.js';
import { WatchNotices } from './notices.js';
import { WatchPace } from './pace.js';
import { isHarm, type WatchSummary, WatchTally } from './tally.js';
import { WatchedFile } from './watched-file.js';

export interface WatchOptions {
  /** Ends the watch; the report is about what was seen until then. Without it and `seconds` the watch never ends. */
  signal?: AbortSignal | undefined;
  /** How long to watch, in seconds (fractions are allowed). Default: until the signal. */
  seconds?: number | undefined;
  /** Called with each event when it is seen, on the calling thread; the call delays the next look. */
  onEvent?: ((event: WatchEvent) => void) | undefined;
}

/** The last line of `holdfast watch --json`. */
export interface WatchReport {
  readonly schema: 1;
  /** How long it was watched. */
  readonly elapsedMs: number;
  /** Whether the signal ended it. */
  readonly interrupted: boolean;
  /** Whether a file became empty, or shorter in place. */
  readonly found: boolean;
  readonly files: readonly WatchSummary[];
}

/**
 * Watches files from outside: their lengths, moments at 0 bytes, new inodes, absence. It opens no file for reading,
 * takes no lock, and changes nothing.
 *
 * What it reports has happened. It does **not** see what begins and ends between two looks. It looks at a file a few
 * hundred times a second, at once when the kernel tells of a change, and for a second after that for about a quarter of
 * the time without a pause. A moment at 0 bytes that lasts for microseconds is seen sooner or later if it recurs, and
 * may be missed if it comes once; so a watch that found nothing proves little.
 *
 * Files need not exist; their folders must. Rejects with `ERR_INVALID_ARGUMENT` for a path that is not a regular file,
 * and with the system's error where a path cannot be looked at.
 */
export async function watchFiles(paths: readonly (string | URL)[], options: WatchOptions = {}): Promise<WatchReport> {
  const { seconds, signal, onEvent } = options;
  if (paths.length === 0) throw invalidArgument('Expected at least one file to watch.');
  if (seconds !== undefined && !(seconds > 0 && seconds <= Number.MAX_SAFE_INTEGER)) {
    throw invalidArgument(`seconds must be a number above 0, not ${seconds}.`);
  }
  const watched = [...new Set(paths.map(absolutePath))];
  for (const path of watched) assertWatchable(path);

  const pace = new WatchPace();
  const startedAt = monotonicNow();
  const nowMs = () => toMicroseconds(monotonicNow() - startedAt);
  const tallies = new Map(watched.map((path) => [path, new WatchTally(path)]));
  const files = watched.map(
    (path) =>
      new WatchedFile(path, (event) => {
        tallies.get(path)?.add(event);
        onEvent?.(event);
      }),
  );
  const notices = new WatchNotices(watched, () => pace.notice(nowMs()));
  try {
    for (const file of files) file.begin(nowMs());
    const endMs = seconds === undefined ? Number.POSITIVE_INFINITY : seconds * 1_000;
    await lookOn(files, pace, notices, nowMs, endMs, signal);
  } finally {
    notices.end();
    for (const file of files) file.end(nowMs());
  }
  const elapsedMs = nowMs();
  const summaries = files.flatMap(({ path, looks }) => tallies.get(path)?.summary(elapsedMs, looks) ?? []);
  const interrupted = signal?.aborted ?? false;
  return { schema: 1, elapsedMs, interrupted, found: summaries.some(isHarm), files: summaries };
}

/** Looks in slices, with pauses in between, until the time or the signal comes. */
async function lookOn(
  files: readonly WatchedFile[],
  pace: WatchPace,
  notices: WatchNotices,
  nowMs: () => number,
  endMs: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  let now = nowMs();
  while (now < endMs && !signal?.aborted) {
    const sinceMs = now;
    do {
      for (const file of files) if (file.look(nowMs())) pace.stir(nowMs());
      now = nowMs();
    } while (pace.goesOn(sinceMs, now, youngestMoment(files)));
    const pauseMs = pace.pauseMs(now - sinceMs, now);
    await notices.pause(Math.min(pauseMs, Math.max(0, endMs - now)));
    now = nowMs();
  }
}

function youngestMoment(files: readonly WatchedFile[]): number | undefined {
  return files.reduce<number | undefined>((youngest, { emptySinceMs }) => {
    if (emptySinceMs === undefined) return youngest;
    return Math.max(youngest ?? 0, emptySinceMs);
  }, undefined);
}

/** A file may be made later; a missing folder is a mistake in the path. */
function assertWatchable(path: string): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats !== undefined && !stats.isFile()) throw invalidArgument(`Expected a regular file: ${path}`);
  if (stats === undefined && !statSync(dirname(path)).isDirectory())
    throw invalidArgument(`Expected a file in a folder: ${path}`);
}
