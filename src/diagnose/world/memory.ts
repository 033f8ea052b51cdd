import type { Inode } from './inode.js';
import type { Mark } from './mark.js';
import type { Process } from './process.js';
import type { Truncation } from './truncation.js';

/** The origin of a mapping, which all its parts and copies share. */
export interface MapCall {
  /** The address at which it began, and the requested length. */
  readonly address: number;
  readonly length: number;
  readonly offset: number;
  readonly mark: Mark;
  readonly opened: Mark | undefined;
  readonly looked: Mark | undefined;
  /** The length of the file by that answer. */
  readonly sizeSeen: number;
  /** A truncation before the mapping, after which the file had not been written again. */
  readonly hole: Truncation | undefined;
}

/** A part of a file in the memory of a process. */
export class Mapping {
  readonly start: number;
  readonly end: number;
  /** The offset of `start` in the file. */
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

  /** A part of the mapping at the same address, in this or another memory. */
  part(memory: Memory, start: number, end: number): Mapping {
    return this.moved(memory, start, end, start);
  }

  /** A part of the mapping, from the page at `from` on, moved to `start`. */
  moved(memory: Memory, start: number, end: number, from: number): Mapping {
    const offset = this.offset + from - this.start;
    return new Mapping(memory, this.inode, { start, end, offset }, this.call);
  }
}

/** The mapped files of an address space, which threads share. */
export class Memory {
  readonly mappings = new Set<Mapping>();
  users = 1;
  process: Process;

  constructor(process: Process) {
    this.process = process;
  }
}
