import { quietly } from '../../errors.js';
import { O_NOFOLLOW, O_NONBLOCK, O_RDONLY, syscalls } from '../../os/syscalls.js';
import type { Era } from '../era/index.js';
import type { Place } from '../format/index.js';
import { type RecyclingReader, recycling } from '../shared/index.js';

const FLAGS = O_RDONLY | O_NOFOLLOW | O_NONBLOCK;

type EntryPlace = Pick<Place, 'shard' | 'hash' | 'slot'>;

/**
 * The file under the name of an entry, open for reading. Until it is closed its reader is counted, so no writer
 * recycles it.
 */
export interface CountedFile {
  readonly fd: number;
  /** Idempotent. Never throws. */
  close(): void;
}

/**
 * Opens the file of an entry. Does not follow links. Throws the error of open(2), and EraEnded where this process has
 * closed the era. Then no reader is counted.
 */
export function openCounted(era: Era, place: EntryPlace): CountedFile {
  const reader = new InstantReader(era, place);
  try {
    // No loop, because this runs for every read.
    recycling.begin[0](era.words, reader);
    recycling.begin[1](era.words, reader);
    return reader;
  } catch (error) {
    reader.close();
    throw error;
  }
}

/** The same through the thread pool. */
export async function openCountedLater(era: Era, place: EntryPlace): Promise<CountedFile> {
  const reader = new PatientReader(era, place);
  try {
    for (const step of recycling.begin) await step(era.words, reader);
    return reader;
  } catch (error) {
    reader.close();
    throw error;
  }
}

class Reader implements Omit<RecyclingReader, 'openFile'>, CountedFile {
  readonly slot: number;
  fd = -1;
  protected readonly path: string;
  readonly #era: Era;
  #closed = false;

  constructor(era: Era, { shard, hash, slot }: EntryPlace) {
    this.slot = slot;
    this.path = era.paths.entry(shard, hash);
    this.#era = era;
    era.hold();
  }

  closeFile(): void {
    // If this fails, the bytes that were read are still good.
    if (this.fd !== -1) quietly(() => syscalls.close(this.fd));
  }

  /** Idempotent, because a second one would uncount another reader and close another reader's file. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    recycling.end[0](this.#era.words, this);
    recycling.end[1](this.#era.words, this);
    this.#era.release();
  }
}

class InstantReader extends Reader implements RecyclingReader {
  openFile(): undefined {
    this.fd = syscalls.open(this.path, FLAGS);
  }
}

class PatientReader extends Reader implements RecyclingReader<Promise<void>> {
  async openFile(): Promise<void> {
    this.fd = await syscalls.openAsync(this.path, FLAGS);
  }
}
