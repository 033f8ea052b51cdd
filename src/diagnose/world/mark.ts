import type { StepKind } from '../report/index.js';

/** A line of the log that may become evidence, copied. */
export interface Mark {
  readonly pid: number;
  readonly tid: number;
  readonly kind: StepKind;
  readonly log: number;
  /** The line at which the call began. */
  readonly line: number;
  /**
   * The position of its beginning and of its end in the order over all logs. They differ where the call was
   * interrupted.
   */
  readonly order: number;
  readonly ended: number;
  readonly timeMs: number;
  readonly text: string;
}
