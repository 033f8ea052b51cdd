import type { Description } from './description.js';
import type { Lock } from './inode.js';
import type { Mark } from './mark.js';
import type { Process } from './process.js';

/** A truncation: a file was made shorter. */
export class Truncation {
  readonly process: Process;
  readonly mark: Mark;
  readonly newSize: number;
  readonly oldSize: number;
  /**
   * The description that truncated the file, or through which the same process wrote first. `undefined` for
   * truncate(2).
   */
  readonly description: Description | undefined;
  /** Whether the log shows that the call has returned. In logs that were merged by time, the next call shows it. */
  complete: boolean;
  /** What the culprit did to the file until it was written again. */
  readonly after: Mark[] = [];
  /** The locks on the sidecar. */
  readonly held: Lock[];
  readonly own: 'none' | 'shared' | 'exclusive';
  healed: Mark | undefined;
  /** The reads that gave nothing meanwhile. They are a finding if the file is written later. */
  readonly emptyReads: EmptyRead[] = [];

  constructor(init: {
    process: Process;
    mark: Mark;
    newSize: number;
    oldSize: number;
    description: Description | undefined;
    complete: boolean;
    held: Lock[];
    own: 'none' | 'shared' | 'exclusive';
  }) {
    this.process = init.process;
    this.mark = init.mark;
    this.newSize = init.newSize;
    this.oldSize = init.oldSize;
    this.description = init.description;
    this.complete = init.complete;
    this.held = init.held;
    this.own = init.own;
  }
}

export interface EmptyRead {
  readonly truncation: Truncation;
  readonly process: Process;
  readonly marks: Mark[];
  readonly held: Lock[];
  readonly own: 'none' | 'shared' | 'exclusive';
  count: number;
}
