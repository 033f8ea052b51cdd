import { errorCode } from '../../errors.js';
import { syncFolder, syncFolderNow } from '../../file/sync-folder.js';
import { syscalls } from '../../os/syscalls.js';
import { type CacheCore, type EncodedValue, HEADER_ALLOWANCE } from '../core/index.js';
import { type HeaderFound, readHeader, Temporary, type TemporaryEntry } from '../disk/index.js';
import { type Era, EraEnded } from '../era/index.js';
import type { Place } from '../format/index.js';
import { type EntryBytes, headerBytesOf, restamp, writeEntry, writeEntrySync } from '../payload/index.js';
import { inPresentEra, inPresentEraSync } from '../sections/index.js';
import { isFreshIn, staleUntilOf } from '../shared/index.js';

/*
 * How a value that has been encoded becomes the entry of its key. A small one is written inside the section: that is over sooner than
 * anything else would be. A large one, or one that is to be flushed, is written to a temporary before the section, so that nobody waits
 * for its bytes; the section only publishes it.
 *
 * A value whose tags carry generations belongs to the era that these are of. Whatever is waited for before the section, that era may be
 * over then; so the era that commits compares. To one that began since, the value comes with the generations that each tag had when that
 * era began: whatever has been invalidated there was invalidated after the value was made. Whether it may follow at all is for the
 * condition to say.
 */

/** What a write came to. `refused`: the condition did not hold, and nothing was changed. */
export type Committed = 'committed' | 'refused';
/** What a removal came to. `swept`: what was there no read would have given (expired, invalidated, damaged). */
export type Removed = 'removed' | 'swept' | 'absent' | 'refused';

/** Asked inside the section, so that nothing can come between the answer and the write. */
export type Condition = (era: Era) => boolean;

/** Makes encoded bytes the entry of a key, if the condition holds. No promise is made where nothing had to be waited for. */
export function commit(
  core: CacheCore,
  place: Place,
  value: EncodedValue,
  condition?: Condition,
): Committed | Promise<Committed> {
  const { bytes } = value;
  if (isWrittenInside(core, bytes)) {
    return core.sections.inside(place.shard, 'exclusive', (era) => put(core, era, place, value, bytes, condition));
  }
  const attempt = async (era: Era) => {
    follow(era, value);
    const temporary = Temporary.make(era, place.shard, core.fileMode);
    try {
      await writeEntry(temporary.fd, bytes);
      return await publishTemporary(core, place, temporary, sizeOf(bytes), condition);
    } finally {
      temporary.close();
    }
  };
  return core.whileOpen(inPresentEra(core, attempt));
}

/** The same on this thread. */
export function commitSync(core: CacheCore, place: Place, value: EncodedValue, condition?: Condition): Committed {
  const { bytes } = value;
  if (isWrittenInside(core, bytes)) {
    return core.sections.insideSync(place.shard, 'exclusive', (era) => put(core, era, place, value, bytes, condition));
  }
  return inPresentEraSync(core, (era) => {
    follow(era, value);
    const temporary = Temporary.make(era, place.shard, core.fileMode);
    try {
      writeEntrySync(temporary.fd, bytes);
      if (core.options.flush) syscalls.fsync(temporary.fd);
      const outcome = core.sections.insideSync(place.shard, 'exclusive', (present) =>
        publishIn(core, present, place, temporary, sizeOf(bytes), condition),
      );
      if (outcome === 'ended') throw new EraEnded();
      if (core.options.flush && outcome === 'committed') flushFolderNow(era, place);
      return outcome;
    } finally {
      temporary.close();
    }
  });
}

/**
 * Makes a temporary whose bytes are all written the entry of a key, if the condition holds; with `flush` it is on the disk then. Throws
 * EraEnded where its era is over: it belongs to no other.
 */
export async function publishTemporary(
  core: CacheCore,
  place: Place,
  temporary: Temporary,
  size: Omit<TemporaryEntry, 'path'>,
  condition?: Condition,
): Promise<Committed> {
  if (core.options.flush) await syscalls.fsyncAsync(temporary.fd);
  const outcome = await core.sections.inside(place.shard, 'exclusive', (present) =>
    publishIn(core, present, place, temporary, size, condition),
  );
  if (outcome === 'ended') throw new EraEnded();
  if (core.options.flush && outcome === 'committed') await flushFolder(temporary.era, place);
  return outcome;
}

/** Removes the entry of a key, if the condition holds. */
export async function remove(core: CacheCore, place: Place, condition?: Condition): Promise<Removed> {
  let within: Era | undefined;
  const outcome = await core.sections.inside(place.shard, 'exclusive', (era) => {
    within = era;
    return removeIn(core, era, place, condition);
  });
  if (core.options.flush && removedFile(outcome) && within) await core.whileOpen(flushFolder(within, place));
  return outcome;
}

/** The same on this thread. */
export function removeSync(core: CacheCore, place: Place, condition?: Condition): Removed {
  let within: Era | undefined;
  const outcome = core.sections.insideSync(place.shard, 'exclusive', (era) => {
    within = era;
    return removeIn(core, era, place, condition);
  });
  if (core.options.flush && removedFile(outcome) && within) flushFolderNow(within, place);
  return outcome;
}

/** A write this short is never worth a temporary of its own: a page. */
const LEAST_WRITTEN_FIRST = 4096;

function isWrittenInside({ options }: CacheCore, bytes: EntryBytes): bytes is Buffer {
  if (options.flush || !Buffer.isBuffer(bytes)) return false;
  return bytes.length <= Math.max(options.inlineLimit, LEAST_WRITTEN_FIRST) + HEADER_ALLOWANCE;
}

/** Makes a value belong to the era that it is about to be committed to. */
function follow(era: Era, value: EncodedValue): void {
  if (value.era === undefined || value.era === era) return;
  restamp(value.bytes, era.firstGeneration);
  value.era = era;
}

function put(
  core: CacheCore,
  era: Era,
  place: Place,
  value: EncodedValue,
  bytes: Buffer,
  condition: Condition | undefined,
): Committed {
  if (condition?.(era) === false) return 'refused';
  follow(era, value);
  core.put(era, place, bytes);
  return 'committed';
}

function publishIn(
  core: CacheCore,
  era: Era,
  place: Place,
  temporary: Temporary,
  size: Omit<TemporaryEntry, 'path'>,
  condition: Condition | undefined,
): Committed | 'ended' {
  if (era !== temporary.era) return 'ended';
  if (condition?.(era) === false) return 'refused';
  core.putTemporary(era, place, { path: temporary.path, ...size });
  temporary.published();
  return 'committed';
}

function removeIn(core: CacheCore, era: Era, place: Place, condition: Condition | undefined): Removed {
  if (condition?.(era) === false) return 'refused';
  const found = readHeader(era, place.shard, place.hash);
  if (!core.remove(era, place)) return 'absent';
  if (isNoEntry(era, found)) return 'swept';
  core.counters.deletes += 1;
  return 'removed';
}

function sizeOf(bytes: EntryBytes): Omit<TemporaryEntry, 'path'> {
  return { length: bytes.length, staleUntil: staleUntilOf(headerBytesOf(bytes)) };
}

/** What could not be looked at may have been one. */
function isNoEntry(era: Era, found: HeaderFound): boolean {
  return found.kind === 'header'
    ? !isFreshIn(era, found.header)
    : found.kind === 'absent' || found.damage !== 'unreadable';
}

function removedFile(outcome: Removed): boolean {
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

/** The era has ended since the section, and the entry has gone with its folder. */
function forgiveRemoval(error: unknown): void {
  if (errorCode(error) !== 'ENOENT') throw error;
}

function folderOf(era: Era, { shard }: Place): string {
  return era.paths.shardFolder(shard);
}
