import type { Inode } from './inode.js';
import type { Mark } from './mark.js';
import type { Process } from './process.js';
import type { Truncation } from './truncation.js';

/** How a mapping came about; all of its parts and copies have it in common. */
export interface MapCall {
  /** Where it began, and the length that was asked for. */
  readonly address: number;
  readonly length: number;
  readonly offset: number;
  readonly mark: Mark;
  readonly opened: Mark | undefined;
  readonly looked: Mark | undefined;
  /** The length of the file, as that look said. */
  readonly sizeSeen: number;
  /** A truncation before the mapping that had not been made good by then. */
  readonly hole: Truncation | undefined;
}

/** A part of a file in the memory of a process. */
export class Mapping {
  readonly start: number;
  readonly end: number;
  /** Of `start`, in the file. */
  readonly offset: number;
  readonly inode: Inode;
  readonly memory: Memory;
  readonly call: MapCall;

  constructor(memory: Memory, inode: Inode, range: { start: number; end: number; offset: number }, call: MapCall) {
    this.memory = memory;
    this.inode = inode;
    this.start = range.start;
    this.end = range.end;
    this.offset = range.offset;
    this.call = call;
  }

  /** Some of its pages, at the same place, in this or another memory. */
  part(memory: Memory, start: number, end: number): Mapping {
    return this.moved(memory, start, end, start);
  }

  /** Some of its pages, beginning with `from`, at `start`. */
  moved(memory: Memory, start: number, end: number, from: number): Mapping {
    const offset = this.offset + from - this.start;
    return new Mapping(memory, this.inode, { start, end, offset }, this.call);
  }
}

/** Mapped files of an address space, shared by threads. */
export class Memory {
  readonly mappings = new Set<Mapping>();
  users = 1;
  process: Process;

  constructor(process: Process) {
    this.process = process;
  }
}
