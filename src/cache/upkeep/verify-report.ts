import type { LeftoverKind } from '../era/index.js';
import type { CheckFindings, ShardProblem } from '../storage/index.js';

/**
 * What `verify` finds, besides the problems of a shard's files. `totals`: they differ from a recount. `dead writer`:
 * one was killed inside the section of a shard. The others are leftovers outside the shards.
 */
export type ProblemKind = ShardProblem | 'totals' | 'dead writer' | LeftoverKind;

export interface VerifyProblem {
  readonly path: string;
  readonly problem: ProblemKind;
  readonly repaired: boolean;
}

/** What `verify` gives. */
export interface VerifyReport {
  /** Entries that are whole, with expired ones, and the bytes of their files. */
  readonly entries: number;
  readonly bytes: number;
  /** The first thousand problems. */
  readonly problems: readonly VerifyProblem[];
  /** The number of problems of each kind. Kinds that were not found are absent. */
  readonly counts: Readonly<Partial<Record<ProblemKind, number>>>;
  /** The number of all problems, and of those that were repaired. */
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
