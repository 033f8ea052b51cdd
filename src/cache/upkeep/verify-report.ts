import type { LeftoverKind } from '../era/index.js';
import type { CheckFindings, ShardProblem } from '../storage/index.js';

/**
 * What `verify` finds. Beside what may be wrong with an entry: `orphaned temporary`, left by a writer that was killed; `stray`, nothing that
 * a cache puts there; `totals`, other than a count by hand; `dead writer`, one that was killed inside the section of a shard; and what is left
 * outside the shards.
 */
export type ProblemKind = ShardProblem | 'totals' | 'dead writer' | LeftoverKind;

export interface VerifyProblem {
  readonly path: string;
  readonly problem: ProblemKind;
  readonly repaired: boolean;
}

/** What `verify` gives. */
export interface VerifyReport {
  /** Entries that are whole, expired ones too, and the bytes of their files. */
  readonly entries: number;
  readonly bytes: number;
  /** The first thousand. */
  readonly problems: readonly VerifyProblem[];
  /** How many of each kind there are; kinds that were not found are absent. */
  readonly counts: Readonly<Partial<Record<ProblemKind, number>>>;
  /** How many there are in all, and how many of them were repaired. */
  readonly found: number;
  readonly repaired: number;
}

/** How far `verify` is. */
export interface VerifyProgress {
  readonly shards: number;
  readonly of: number;
  readonly entries: number;
  readonly bytes: number;
  readonly found: number;
}

const MOST_PROBLEMS = 1_000;

/** Gathers a report in bounded memory. */
export class Findings implements CheckFindings {
  entries = 0;
  bytes = 0;
  found = 0;
  repaired = 0;
  readonly #problems: VerifyProblem[] = [];
  readonly #counts = new Map<ProblemKind, number>();

  add(path: string, problem: ProblemKind, outcome: 'repaired' | 'left'): void {
    const repaired = outcome === 'repaired';
    this.found += 1;
    if (repaired) this.repaired += 1;
    this.#counts.set(problem, (this.#counts.get(problem) ?? 0) + 1);
    if (this.#problems.length < MOST_PROBLEMS) this.#problems.push({ path, problem, repaired });
  }

  report(): VerifyReport {
    const { entries, bytes, found, repaired } = this;
    return { entries, bytes, problems: this.#problems, counts: Object.fromEntries(this.#counts), found, repaired };
  }
}
