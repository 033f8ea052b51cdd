import { channel } from 'node:diagnostics_channel';

/**
 * What a cache publishes on `node:diagnostics_channel`: `holdfast:damaged` `{ directory, key, path, reason }`: a
 * damaged entry, which counted as a miss. `holdfast:lock-wait` `{ directory, milliseconds }`: a shard's lock that was
 * not free at once. `holdfast:eviction` `{ directory, entries, bytes }`: what was removed to stay below the limits.
 * `holdfast:load` `{ directory, key, milliseconds, error? }`: a loader of `getOrSet` that has ended.
 * `holdfast:not-stored` `{ directory, key, error }`: a loaded value that could not be written to the disk. The caller
 * of `getOrSet` got it.
 */
const damaged = channel('holdfast:damaged');
const lockWait = channel('holdfast:lock-wait');
const eviction = channel('holdfast:eviction');
const load = channel('holdfast:load');
const notStored = channel('holdfast:not-stored');

/** Directories with a warning already: one for each process is enough. */
const warned = new Set<string>();

export interface DamageReport {
  readonly directory: string;
  readonly key: string;
  readonly path: string;
  readonly reason: string;
}

/** Outside any section: subscribers are user code. */
export function reportDamage(report: DamageReport): void {
  damaged.publish(report);
  if (warned.has(report.directory)) return;
  warned.add(report.directory);
  process.emitWarning(
    `The cache at ${report.directory} holds a damaged entry, which counts as a miss: ${report.reason} (${report.path}). Later ones are told on the diagnostics channel "holdfast:damaged" only.`,
    { type: 'HoldfastWarning', code: 'HOLDFAST_DAMAGED_ENTRY' },
  );
}

export function reportLockWait(directory: string, milliseconds: number): void {
  if (lockWait.hasSubscribers) lockWait.publish({ directory, milliseconds });
}

export function reportEviction(directory: string, { entries, bytes }: { entries: number; bytes: number }): void {
  if (eviction.hasSubscribers) eviction.publish({ directory, entries, bytes });
}

export function reportLoad(directory: string, key: string, milliseconds: number, error: unknown): void {
  if (load.hasSubscribers) load.publish({ directory, key, milliseconds, ...(error === undefined ? {} : { error }) });
}

export function reportNotStored(directory: string, key: string, error: unknown): void {
  if (notStored.hasSubscribers) notStored.publish({ directory, key, error });
}
