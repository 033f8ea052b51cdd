import type { HoldfastError } from '../../errors.js';
import type { Damage, DecodedHeader, PayloadMemory } from '../format/index.js';

/**
 * An entry as it was found. The next read of this thread may overwrite `payload`: decode it at once, unless `memory` is
 * 'own'.
 */
export interface FoundEntry {
  readonly header: DecodedHeader;
  readonly payload: Buffer;
  readonly memory?: PayloadMemory;
  /** Why there is no payload: see {@link unheld}. */
  readonly failure?: HoldfastError;
}

/** The result of a read. `absent`: no entry, or the entry of another key with the same hash. */
export type Found =
  | { readonly kind: 'entry'; readonly entry: FoundEntry }
  | { readonly kind: 'absent' }
  | { readonly kind: 'damaged'; readonly damage: Damage | 'not a regular file' };

/** The result of a read without an entry. */
export type NoEntry = Exclude<Found, { readonly kind: 'entry' }>;

/** There is no entry. */
export const ABSENT = { kind: 'absent' } as const;

/**
 * An entry whose header has been read, in an open file. The caller closes it. Until then its reader is counted, and the
 * file does not change (recycling.ts). One exception: if the header allows it, a writer may change the file in place
 * while the reader does not hold the shard's lock.
 */
export interface OpenEntry {
  readonly kind: 'open';
  readonly fd: number;
  /** Of the file, with its slack. */
  readonly fileLength: number;
  readonly header: DecodedHeader;
  /** The beginning of the file. The next read of this thread may overwrite it. */
  readonly beginning: Buffer;
  /** Idempotent. */
  close(): void;
}

/** Closes an open entry that is not needed. Ignores all else. */
export function closeOpened(found: object): void {
  if ('close' in found && typeof found.close === 'function') found.close();
}

/**
 * The same result, with an entry copied to memory of its own. The next read uses the buffer again, and may come before
 * this entry is decoded.
 */
export function owned<T extends { readonly kind: string }>(found: Found | T): Found | T {
  if (!isEntry(found) || found.entry.memory === 'own') return found;
  return { kind: 'entry', entry: { ...found.entry, payload: Buffer.from(found.entry.payload), memory: 'own' } };
}

function isEntry(found: { readonly kind: string }): found is Extract<Found, { readonly kind: 'entry' }> {
  return found.kind === 'entry';
}

/**
 * An entry whose value no Buffer can hold here: a stream wrote it, or another version of Node. Only a read of the value
 * fails. The header, streams and mappings can be used.
 */
export function unheld(header: DecodedHeader, failure: HoldfastError): Found {
  return { kind: 'entry', entry: { header, payload: NOTHING, failure } };
}

const NOTHING = Buffer.alloc(0);
