import type { CallSite, How, LockState, RequestLine } from './access.js';

/** A watched data file that the program has open. */
export interface OpenFile {
  readonly path: string;
  /** What a write to it is. */
  readonly written: 'write' | 'append' | 'fill';
  /** Where it was opened. */
  readonly site: CallSite | undefined;
  readonly request: RequestLine | undefined;
  /** Where a stream over it was made, whose reads and writes are nobody's calls. */
  stream: CallSite | undefined;
  /** The access of which the next read or write may be the continuation. */
  last: Told | undefined;
}

/** What makes one access of the reads, or writes, that follow each other on one descriptor. */
export interface Told {
  readonly how: How;
  readonly lock: LockState;
  readonly site: CallSite | undefined;
  readonly request: RequestLine | undefined;
  /** When it went on last. */
  readonly at: number;
}

/** The watched data files that this thread has open, by descriptor. */
export class OpenFiles {
  readonly #files = new Map<number, OpenFile>();

  get(fd: number): OpenFile | undefined {
    return this.#files.get(fd);
  }

  add(fd: number, file: OpenFile): void {
    this.#files.set(fd, file);
  }

  delete(fd: number): void {
    this.#files.delete(fd);
  }
}

/** The descriptor of what stands for an open file in calls of node:fs: a number, or a FileHandle. */
export function descriptorOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'object' || value === null || !('fd' in value)) return undefined;
  return typeof value.fd === 'number' ? value.fd : undefined;
}

/** Whether an access looks at the content. */
export function reads(how: How): boolean {
  return how === 'read' || how === 'map';
}
