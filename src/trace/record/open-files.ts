import type { CallSite, How, LockState, RequestLine } from './access.js';

/** A watched data file that the program has open. */
export interface OpenFile {
  readonly path: string;
  /** The kind of access that a write to it is. */
  readonly written: 'write' | 'append' | 'fill';
  /** The line that opened it. */
  readonly site: CallSite | undefined;
  readonly request: RequestLine | undefined;
  /** The line that made a stream over it; no line of the program calls the stream's reads and writes. */
  stream: CallSite | undefined;
  /** The access that the next read or write may continue. */
  last: Told | undefined;
}

/** What reads (or writes) that follow each other on one descriptor must have in common to be one access. */
export interface Told {
  readonly how: How;
  readonly lock: LockState;
  readonly site: CallSite | undefined;
  readonly request: RequestLine | undefined;
  /** When it was continued last. */
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

/** The descriptor of an argument that refers to an open file: a number, or a FileHandle. */
export function descriptorOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'object' || value === null || !('fd' in value)) return undefined;
  return typeof value.fd === 'number' ? value.fd : undefined;
}

/** Whether an access reads the content. */
export function reads(how: How): boolean {
  return how === 'read' || how === 'map';
}
