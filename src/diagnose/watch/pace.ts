/** A file in which something happened is looked at without a pause, in slices of this length. */
const SLICE_MS = 1;
/** A slice goes on for so long while a file has just become empty, so that the moment is seen to its end. */
const LONGEST_SLICE_MS = 3;
/** After so long without a change a file is quiet again. */
const LIVELY_FOR_MS = 1_000;
/** What looking may take of a processor, while there is something to see and while there is not. */
const LIVELY_SHARE = 0.25;
const QUIET_SHARE = 0.02;
/** Shorter pauses the timers of Node do not have. */
const SHORTEST_PAUSE_MS = 1;
/** Where nothing happens, waking up costs more than looking does; and a notice of the kernel comes sooner than the next look. */
const SHORTEST_QUIET_PAUSE_MS = 4;
/** Where a look is slow, or files are many, there is still one round in this time. */
const LONGEST_PAUSE_MS = 100;

/** When to look again: nearly all the time where a file changes, seldom where it does not, and never more than a share of a processor. */
export class WatchPace {
  #livelyUntilMs = 0;

  /** Something happened to a file. */
  stir(nowMs: number): void {
    this.#livelyUntilMs = nowMs + LIVELY_FOR_MS;
  }

  /** The kernel tells of a change. Where things were quiet it ends the pause; where they are lively, the looks come soon enough. */
  notice(nowMs: number): 'wake' | 'sleep on' {
    const wasLively = this.isLively(nowMs);
    this.stir(nowMs);
    return wasLively ? 'sleep on' : 'wake';
  }

  isLively(nowMs: number): boolean {
    return nowMs < this.#livelyUntilMs;
  }

  /** Whether to look once more before the pause. `emptySinceMs` is the youngest moment at 0 bytes that is not over. */
  goesOn(sinceMs: number, nowMs: number, emptySinceMs: number | undefined): boolean {
    if (!this.isLively(nowMs)) return false;
    const justEmptied = emptySinceMs !== undefined && emptySinceMs >= sinceMs;
    return nowMs - sinceMs < (justEmptied ? LONGEST_SLICE_MS : SLICE_MS);
  }

  /** How long to pause after having looked for so long. */
  pauseMs(busyMs: number, nowMs: number): number {
    const [share, shortest] = this.isLively(nowMs)
      ? [LIVELY_SHARE, SHORTEST_PAUSE_MS]
      : [QUIET_SHARE, SHORTEST_QUIET_PAUSE_MS];
    return Math.min(LONGEST_PAUSE_MS, Math.max(shortest, busyMs * (1 / share - 1)));
  }
}
