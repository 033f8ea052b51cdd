/** After a change, files are looked at without a pause, in slices of this length. */
const SLICE_MS = 1;
/** While a file has just become empty, a slice goes on for up to this time, to see the end of the moment. */
const LONGEST_SLICE_MS = 3;
/** After this time without a change, files are quiet again. */
const LIVELY_FOR_MS = 1_000;
/** The share of a processor that looks may take, while files change and while they are quiet. */
const LIVELY_SHARE = 0.25;
const QUIET_SHARE = 0.02;
/** The shortest pause of Node's timers. */
const SHORTEST_PAUSE_MS = 1;
/** The pause while files are quiet: to wake up costs more than to look, and a notice of the kernel ends the pause. */
const SHORTEST_QUIET_PAUSE_MS = 4;
/** The longest pause: where looks are slow, or files are many, there is still one round in this time. */
const LONGEST_PAUSE_MS = 100;

/**
 * When to look again: nearly all the time while a file changes, seldom while files are quiet, and never for more than a
 * share of a processor.
 */
export class WatchPace {
  #livelyUntilMs = 0;

  /** To be called when a file has changed. */
  stir(nowMs: number): void {
    this.#livelyUntilMs = nowMs + LIVELY_FOR_MS;
  }

  /**
   * To be called at a notice of the kernel. Returns whether it ends the pause: while files change, the next look comes
   * soon enough.
   */
  notice(nowMs: number): 'wake' | 'sleep on' {
    const wasLively = this.isLively(nowMs);
    this.stir(nowMs);
    return wasLively ? 'sleep on' : 'wake';
  }

  isLively(nowMs: number): boolean {
    return nowMs < this.#livelyUntilMs;
  }

  /**
   * Whether to look once more before the pause. `emptySinceMs`: the beginning of the latest moment at 0 bytes that is
   * not over.
   */
  goesOn(sinceMs: number, nowMs: number, emptySinceMs: number | undefined): boolean {
    if (!this.isLively(nowMs)) return false;
    const justEmptied = emptySinceMs !== undefined && emptySinceMs >= sinceMs;
    return nowMs - sinceMs < (justEmptied ? LONGEST_SLICE_MS : SLICE_MS);
  }

  /** How long to pause after a slice of this length. */
  pauseMs(busyMs: number, nowMs: number): number {
    const [share, shortest] = this.isLively(nowMs)
      ? [LIVELY_SHARE, SHORTEST_PAUSE_MS]
      : [QUIET_SHARE, SHORTEST_QUIET_PAUSE_MS];
    return Math.min(LONGEST_PAUSE_MS, Math.max(shortest, busyMs * (1 / share - 1)));
  }
}
