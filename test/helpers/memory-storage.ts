import { crc32 } from 'node:zlib';
import { type Era, EraEnded } from '../../src/cache/era/index.js';
import {
  BlockChecksums,
  decodeHeader,
  decodePayload,
  type EntryHeader,
  encodeHeader,
  encodeTable,
  entryLength,
  type Place,
  placeOf,
  SHARDS,
  sealHeader,
} from '../../src/cache/format/index.js';
import type { EntryBytes } from '../../src/cache/payload/index.js';
import { changing, type Steps } from '../../src/cache/sections/index.js';
import {
  accessClock,
  blocksOf,
  isFreshIn,
  lastUse,
  noteRead,
  noteWrite,
  type ShardTotals,
} from '../../src/cache/shared/index.js';
import {
  ABSENT,
  bringInto,
  type Committed,
  type Condition,
  type EncodedValue,
  type EntrySummary,
  type Eviction,
  type EvictionStep,
  type Found,
  type MakingRoom,
  type OpenEntry,
  owned,
  type RemovalOutcome,
  type ShardUpkeep,
  type Staged,
  type Storage,
  type StorageContext,
} from '../../src/cache/storage/index.js';

type Header = Omit<EntryHeader, 'payloadLength'>;

/** The entries of all eras of this process, by the folder of the era, so that all instances on a directory have the same. */
const eras = new Map<string, Map<string, Buffer>>();

function entriesOf(era: Era): Map<string, Buffer> {
  const known = eras.get(era.paths.folder);
  if (known !== undefined) return known;
  const fresh = new Map<string, Buffer>();
  eras.set(era.paths.folder, fresh);
  return fresh;
}

function hashesIn(era: Era, shard: number): string[] {
  return [...entriesOf(era).keys()].filter((hash) => Number.parseInt(hash.slice(0, 2), 16) === shard);
}

/** A store that keeps entries in the memory of this process: no file for an entry, none for a long one. For tests of the contract. */
export class MemoryStorage implements Storage {
  readonly rewrites = false;
  readonly upkeep = memoryUpkeep;
  readonly #context: StorageContext;

  constructor(context: StorageContext) {
    this.#context = context;
  }

  pathOf(): string {
    return this.#context.sections.opened.paths.folder;
  }

  lengthOf(entryBytes: number): number {
    return entryBytes;
  }

  findSync(place: Place): Found {
    return this.#context.sections.outside((era) => this.readInside(era, place));
  }

  find<T>(place: Place, use: (found: Found) => T): T | Promise<T> {
    return use(this.#context.sections.outsideNow((era) => this.readInside(era, place)) ?? ABSENT);
  }

  async open(place: Place): Promise<Found | OpenEntry> {
    return owned(this.#context.sections.outsideNow((era) => this.readInside(era, place)) ?? ABSENT);
  }

  openInside(era: Era, place: Place): Found {
    return this.readInside(era, place);
  }

  readInside(era: Era, place: Place): Found {
    const bytes = entriesOf(era).get(place.hash);
    const found = bytes === undefined ? ABSENT : decoded(bytes, place);
    if (found.kind === 'entry') noteRead(era, place);
    return found;
  }

  readOpened(): Promise<Found> {
    throw new Error('nothing is given open');
  }

  put(place: Place, value: EncodedValue, condition?: Condition): Committed | Promise<Committed> {
    return this.#context.sections.inside(place.shard, 'exclusive', (era) => this.#put(era, place, value, condition));
  }

  putSync(place: Place, value: EncodedValue, condition?: Condition): Committed {
    return this.#context.sections.insideSync(place.shard, 'exclusive', (era) =>
      this.#put(era, place, value, condition),
    );
  }

  stage(era: Era, place: Place, header: Header): Staged {
    const pieces: Buffer[] = [];
    const checksums = new BlockChecksums();
    const payloadOffset = encodeHeader({ ...header, payloadLength: 0 }, 0).length;
    let payloadLength = 0;
    const commit = async (makeHeader: () => Header, condition?: Condition): Promise<Committed> => {
      const { table, payloadChecksum } = checksums.finish();
      const head = encodeHeader({ ...makeHeader(), payloadLength }, payloadChecksum);
      const bytes = Buffer.concat([head, ...pieces, table]);
      const outcome = await this.#context.sections.inside(place.shard, 'exclusive', (present) => {
        if (present !== era) return 'ended';
        if (condition?.(present) === false) return 'refused';
        this.write(present, place, bytes);
        return 'committed';
      });
      if (outcome === 'ended') throw new EraEnded();
      return outcome;
    };
    return {
      era,
      lengthWith: (more) => entryLength({ payloadOffset, payloadLength: payloadLength + more }),
      async append(bytes) {
        pieces.push(Buffer.from(bytes));
        payloadLength += bytes.length;
        checksums.add(bytes);
      },
      commit,
      async end() {
        pieces.length = 0;
      },
    };
  }

  async remove(place: Place, condition?: Condition): Promise<RemovalOutcome> {
    return this.#context.sections.inside(place.shard, 'exclusive', (era) => this.#remove(era, place, condition));
  }

  removeSync(place: Place, condition?: Condition): RemovalOutcome {
    return this.#context.sections.insideSync(place.shard, 'exclusive', (era) => this.#remove(era, place, condition));
  }

  eviction(): Eviction {
    return new MemoryEviction();
  }

  #put(era: Era, place: Place, value: EncodedValue, condition: Condition | undefined): Committed {
    if (condition?.(era) === false) return 'refused';
    bringInto(era, value);
    this.write(era, place, wholeOf(value.bytes));
    return 'committed';
  }

  /** Steps 2 to 4 of a write. */
  protected write(era: Era, place: Place, bytes: Buffer): void {
    changing(era, place, () => {
      noteWrite(era, place, bytes);
      const former = entriesOf(era).get(place.hash);
      entriesOf(era).set(place.hash, bytes);
      return difference(era, former, bytes);
    });
    this.#context.counters.sets += 1;
  }

  #remove(era: Era, place: Place, condition: Condition | undefined): RemovalOutcome {
    if (condition?.(era) === false) return 'refused';
    const bytes = entriesOf(era).get(place.hash);
    if (bytes === undefined) return 'absent';
    const header = decodeHeader(bytes, bytes.length);
    removeFrom(era, place);
    if (!header.ok || !isFreshIn(era, header.value)) return 'swept';
    this.#context.counters.deletes += 1;
    return 'removed';
  }
}

function difference(era: Era, former: Buffer | undefined, now: Buffer | undefined): ShardTotals {
  const blocks = (bytes: Buffer | undefined) => (bytes === undefined ? 0 : blocksOf(era.words, bytes.length));
  return {
    entries: (now === undefined ? 0 : 1) - (former === undefined ? 0 : 1),
    bytes: (now?.length ?? 0) - (former?.length ?? 0),
    blocks: blocks(now) - blocks(former),
  };
}

function removeFrom(era: Era, place: Place): number {
  const former = entriesOf(era).get(place.hash);
  changing(era, place, () => {
    entriesOf(era).delete(place.hash);
    return difference(era, former, undefined);
  });
  return former?.length ?? 0;
}

function wholeOf(entry: EntryBytes): Buffer {
  if (Buffer.isBuffer(entry)) return Buffer.from(entry);
  const table = encodeTable(entry.payload);
  sealHeader(entry.header, crc32(table));
  return Buffer.concat([entry.header, entry.payload, table]);
}

function decoded(bytes: Buffer, { key }: Pick<Place, 'key'>): Found {
  const header = decodeHeader(bytes, bytes.length);
  if (!header.ok) return { kind: 'damaged', damage: header.damage };
  if (header.value.key !== key) return ABSENT;
  const payload = decodePayload(bytes, header.value);
  if (!payload.ok) return { kind: 'damaged', damage: payload.damage };
  return { kind: 'entry', entry: { header: header.value, payload: payload.value } };
}

function headerOf(bytes: Buffer | undefined): EntryHeader | undefined {
  const header = bytes === undefined ? undefined : decodeHeader(bytes, bytes.length);
  return header?.ok ? header.value : undefined;
}

/** Of an entry that nobody asked to be removed: what is being loaded for its key may be stored. */
function placeIn(header: EntryHeader): Place {
  return { ...placeOf(header.key), leaseMark: 0 };
}

const memoryUpkeep: ShardUpkeep = {
  *walk(era, shard) {
    yield summariesOf(era, shard);
  },
  *removeExpired(era, shard, nowMs, removed) {
    const work = () => {
      for (const hash of hashesIn(era, shard)) {
        const header = headerOf(entriesOf(era).get(hash));
        if (header === undefined || header.staleUntil > nowMs) continue;
        removed.bytes += removeFrom(era, placeIn(header));
        removed.entries += 1;
      }
    };
    yield { era, shard, work };
  },
  *recount(era, shard, purpose) {
    const counted = { entries: 0, bytes: 0, blocks: 0 };
    let noted: ShardTotals = counted;
    const work = () => {
      for (const hash of hashesIn(era, shard)) {
        const { entries, bytes, blocks } = difference(era, undefined, entriesOf(era).get(hash));
        counted.entries += entries;
        counted.bytes += bytes;
        counted.blocks += blocks;
      }
      noted = era.words.totals.of(shard);
      if (purpose === 'store') era.words.totals.set(shard, counted);
    };
    yield { era, shard, work };
    return { counted, noted };
  },
  *check(era, shard, mode, findings) {
    const work = () => {
      for (const hash of hashesIn(era, shard)) {
        const bytes = entriesOf(era).get(hash) ?? Buffer.alloc(0);
        const header = headerOf(bytes);
        const found = header && decoded(bytes, header);
        if (found?.kind === 'entry') {
          findings.entries += 1;
          findings.bytes += bytes.length;
          continue;
        }
        if (mode === 'repair') entriesOf(era).delete(hash);
        findings.add(hash, 'payload checksum', mode === 'repair' ? 'repaired' : 'left');
      }
    };
    yield { era, shard, work };
  },
  *sweep() {},
};

function* summariesOf(era: Era, shard: number): Steps<EntrySummary[]> {
  return hashesIn(era, shard).flatMap((hash) => summaryOf(entriesOf(era).get(hash)));
}

function summaryOf(bytes: Buffer | undefined): EntrySummary[] {
  const header = headerOf(bytes);
  return header === undefined ? [] : [{ ...header, fileBytes: bytes?.length ?? 0 }];
}

class MemoryEviction implements Eviction {
  begin(): void {}

  noteWritten(): void {}

  next({ era, written, passedOver, isStillOver, removed }: MakingRoom): EvictionStep | undefined {
    const now = accessClock();
    const places = [...entriesOf(era).values()]
      .flatMap((bytes) => summaryOf(bytes).map(placeIn))
      .filter(({ shard, hash }) => !passedOver.has(shard) && hash !== written.hash)
      .sort((a, b) => lastUse(era, a.slot, now) - lastUse(era, b.slot, now));
    const [coldest] = places;
    if (coldest === undefined) return undefined;
    const work = () => {
      if (isStillOver() && entriesOf(era).has(coldest.hash)) removed(removeFrom(era, coldest));
    };
    return { shard: coldest.shard % SHARDS, work };
  }
}
