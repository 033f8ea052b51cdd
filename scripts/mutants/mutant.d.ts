/** A small mistake in `src/`, and the test that notices it. */
export interface Mutant {
  /** From the root of the repository. */
  readonly file: string;
  /** Stands exactly once in the file. */
  readonly from: string;
  readonly to: string;
  /** The file of the test, and its whole name: those of its `describe` blocks and its own, with a space between. */
  readonly test: string;
  readonly name: string;
}
