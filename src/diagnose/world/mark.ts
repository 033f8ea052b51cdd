import type { StepKind } from '../report/index.js';

/** A line of the log that may become evidence, copied. */
export interface Mark {
  readonly pid: number;
  readonly tid: number;
  readonly kind: StepKind;
  readonly log: number;
  /** Where the call began. */
  readonly line: number;
  /** Order over all logs of where it began, and of where it ended: another line where it was interrupted. */
  readonly order: number;
  readonly ended: number;
  readonly timeMs: number;
  readonly text: string;
}
