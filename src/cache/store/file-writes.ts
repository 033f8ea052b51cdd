import { errorCode } from '../../errors.js';
import { syncFolder, syncFolderNow } from '../../file/sync-folder.js';
import { syscalls } from '../../os/syscalls.js';
import {
  type HeaderFound,
  putTemporary,
  readHeader,
  removeEntry,
  Temporary,
  type TemporaryEntry,
} from '../disk/index.js';
import { type Era, EraEnded } from '../era/index.js';
import type { Place } from '../format/index.js';
import { type EntryBytes, headerBytesOf, writeEntry, writeEntrySync } from '../payload/index.js';
import { inPresentEra, inPresentEraSync } from '../sections/index.js';
import { isFreshIn, staleUntilOf } from '../shared/index.js';
import {
  bringInto,
  type Committed,
  type Condition,
  type EncodedValue,
  type RemovalOutcome,
  type StorageContext,
} from '../storage/index.js';
import { HEADER_ALLOWANCE } from './inline-limit.js';

/*
 * How an encoded value becomes the entry of its key. A small one is written inside the section, which is the fastest
 * way. A large one, or one that is to be flushed, is written to a temporary before the section, so that other processes
 * do not wait for its bytes. The section only publishes it.
 *
 * A value with tags belongs to the era of their generations. That era may be over when the section begins, so the
 * commit compares. In a later era the value gets the generations that each tag had when that era began: all that was
 * invalidated there was invalidated after the value was made. The condition decides whether a value may be committed to
 * a later era at all.
 */

/** A write of up to a page is never worth a temporary of its own. */
const LEAST_WRITTEN_FIRST = 4096;

/** Steps 2 to 4 of a write whose bytes are at hand, inside the section. */
export type PutInside = (era: Era, place: Place, bytes: Buffer) => void;

export class FileWrites {
  readonly #context: StorageContext;
  readonly #putInside: PutInside;

  constructor(context: StorageContext, putInside: PutInside) {
    this.#context = context;
    this.#putInside = putInside;
  }

  commit(place: Place, value: EncodedValue, condition?: Condition): Committed | Promise<Committed> {
    const context = this.#context;
    const { bytes } = value;
    if (isWrittenInside(context, bytes)) {
      return context.sections.inside(place.shard, 'exclusive', (era) => this.#put(era, place, value, bytes, condition));
    }
    const attempt = async (era: Era) => {
      bringInto(era, value);
      const temporary = Temporary.make(era, place.shard, context.fileMode);
      try {
        await writeEntry(temporary.fd, bytes);
        return await this.publish(place, temporary, sizeOf(bytes), condition);
      } finally {
        temporary.close();
      }
    };
    return context.whileOpen(inPresentEra(context, attempt));
  }

  /** The same on this thread. */
  commitSync(place: Place, value: EncodedValue, condition?: Condition): Committed {
    const { sections, options, fileMode } = this.#context;
    const { bytes } = value;
    if (isWrittenInside(this.#context, bytes)) {
      return sections.insideSync(place.shard, 'exclusive', (era) => this.#put(era, place, value, bytes, condition));
    }
    return inPresentEraSync(this.#context, (era) => {
      bringInto(era, value);
      const temporary = Temporary.make(era, place.shard, fileMode);
      try {
        writeEntrySync(temporary.fd, bytes);
        if (options.flush) syscalls.fsync(temporary.fd);
        const outcome = sections.insideSync(place.shard, 'exclusive', (present) =>
          this.#publishIn(present, place, temporary, sizeOf(bytes), condition),
        );
        if (outcome === 'ended') throw new EraEnded();
        if (options.flush && outcome === 'committed') flushFolderNow(era, place);
        return outcome;
      } finally {
        temporary.close();
      }
    });
  }

  /**
   * Makes a complete temporary the entry of a key, if the condition holds. With `flush` it is on the disk when the
   * promise resolves. Throws EraEnded where its era is over: it belongs to no other.
   */
  async publish(
    place: Place,
    temporary: Temporary,
    size: Omit<TemporaryEntry, 'path'>,
    condition?: Condition,
  ): Promise<Committed> {
    const { sections, options } = this.#context;
    if (options.flush) await syscalls.fsyncAsync(temporary.fd);
    const outcome = await sections.inside(place.shard, 'exclusive', (present) =>
      this.#publishIn(present, place, temporary, size, condition),
    );
    if (outcome === 'ended') throw new EraEnded();
    if (options.flush && outcome === 'committed') await flushFolder(temporary.era, place);
    return outcome;
  }

  async remove(place: Place, condition?: Condition): Promise<RemovalOutcome> {
    const { sections, options } = this.#context;
    let within: Era | undefined;
    const outcome = await sections.inside(place.shard, 'exclusive', (era) => {
      within = era;
      return this.#removeIn(era, place, condition);
    });
    if (options.flush && removedFile(outcome) && within) await this.#context.whileOpen(flushFolder(within, place));
    return outcome;
  }

  removeSync(place: Place, condition?: Condition): RemovalOutcome {
    const { sections, options } = this.#context;
    let within: Era | undefined;
    const outcome = sections.insideSync(place.shard, 'exclusive', (era) => {
      within = era;
      return this.#removeIn(era, place, condition);
    });
    if (options.flush && removedFile(outcome) && within) flushFolderNow(within, place);
    return outcome;
  }

  #put(era: Era, place: Place, value: EncodedValue, bytes: Buffer, condition: Condition | undefined): Committed {
    if (condition?.(era) === false) return 'refused';
    bringInto(era, value);
    this.#putInside(era, place, bytes);
    this.#context.counters.sets += 1;
    return 'committed';
  }

  #publishIn(
    era: Era,
    place: Place,
    temporary: Temporary,
    size: Omit<TemporaryEntry, 'path'>,
    condition: Condition | undefined,
  ): Committed | 'ended' {
    if (era !== temporary.era) return 'ended';
    if (condition?.(era) === false) return 'refused';
    putTemporary(era, place, { path: temporary.path, ...size });
    this.#context.counters.sets += 1;
    temporary.published();
    return 'committed';
  }

  #removeIn(era: Era, place: Place, condition: Condition | undefined): RemovalOutcome {
    if (condition?.(era) === false) return 'refused';
    const found = readHeader(era, place.shard, place.hash);
    if (removeEntry(era, place) === undefined) return 'absent';
    if (isNoEntry(era, found)) return 'swept';
    this.#context.counters.deletes += 1;
    return 'removed';
  }
}

function isWrittenInside({ options }: StorageContext, bytes: EntryBytes): bytes is Buffer {
  if (options.flush || !Buffer.isBuffer(bytes)) return false;
  return bytes.length <= Math.max(options.inlineLimit, LEAST_WRITTEN_FIRST) + HEADER_ALLOWANCE;
}

function sizeOf(bytes: EntryBytes): Omit<TemporaryEntry, 'path'> {
  return { length: bytes.length, staleUntil: staleUntilOf(headerBytesOf(bytes)) };
}

/** Whether no read would have returned the entry. An unreadable one counts as an entry. */
function isNoEntry(era: Era, found: HeaderFound): boolean {
  return found.kind === 'header'
    ? !isFreshIn(era, found.header)
    : found.kind === 'absent' || found.damage !== 'unreadable';
}

function removedFile(outcome: RemovalOutcome): boolean {
  return outcome === 'removed' || outcome === 'swept';
}

async function flushFolder(era: Era, place: Place): Promise<void> {
  try {
    await syncFolder(folderOf(era, place));
  } catch (error) {
    forgiveRemoval(error);
  }
}

function flushFolderNow(era: Era, place: Place): void {
  try {
    syncFolderNow(folderOf(era, place));
  } catch (error) {
    forgiveRemoval(error);
  }
}

/** Ignores a missing folder: the era has ended since the section, and the entry was removed with its folder. */
function forgiveRemoval(error: unknown): void {
  if (errorCode(error) !== 'ENOENT') throw error;
}

function folderOf(era: Era, { shard }: Place): string {
  return era.paths.shardFolder(shard);
}
