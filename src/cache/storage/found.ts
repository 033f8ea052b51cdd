import type { HoldfastError } from '../../errors.js';
import type { Damage, DecodedHeader, PayloadMemory } from '../format/index.js';

/**
 * An entry as it was found. `payload` may be overwritten by the next read of this thread: decode it at once, unless its
 * memory is said to be its own.
 */
export interface FoundEntry {
  readonly header: DecodedHeader;
  readonly payload: Buffer;
  readonly memory?: PayloadMemory;
  /** Why there is no payload: see {@link unheld}. */
  readonly failure?: HoldfastError;
}

/** What a look came to. `absent`: no entry, or that of another key with the same hash. */
export type Found =
  | { readonly kind: 'entry'; readonly entry: FoundEntry }
  | { readonly kind: 'absent' }
  | { readonly kind: 'damaged'; readonly damage: Damage | 'not a regular file' };

/** What a look came to that found no entry. */
export type NoEntry = Exclude<Found, { readonly kind: 'entry' }>;

/** Nothing is there. */
export const ABSENT = { kind: 'absent' } as const;

/**
 * An entry whose header has been read, and which lies in a file that is open: whoever gets one calls `close`. Until then its reader is
 * counted, and the file does not change (recycling.ts), except in place where the header says so and the shard's lock is
 * not held.
 */
export interface OpenEntry {
  readonly kind: 'open';
  readonly fd: number;
  /** Of the file, slack and all. */
  readonly fileLength: number;
  readonly header: DecodedHeader;
  /** The beginning of the file. May be overwritten by the next read of this thread. */
  readonly beginning: Buffer;
  /** Idempotent. */
  close(): void;
}

/** Closes what was given open and is not wanted. */
export function closeOpened(found: object): void {
  if ('close' in found && typeof found.close === 'function') found.close();
}

/**
 * The same with an entry in memory of its own: the buffer that one was read into is used again by the next read, which may come before this
 * one is looked at.
 */
export function owned<T extends { readonly kind: string }>(found: Found | T): Found | T {
  if (!isEntry(found) || found.entry.memory === 'own') return found;
  return { kind: 'entry', entry: { ...found.entry, payload: Buffer.from(found.entry.payload), memory: 'own' } };
}

function isEntry(found: { readonly kind: string }): found is Extract<Found, { readonly kind: 'entry' }> {
  return found.kind === 'entry';
}

/**
 * An entry that is there and whose value cannot be given out here: a stream has written more bytes than a Buffer holds,
 * or another version of Node has. Only who wants the value is told so; its header, and streams and mappings of it, are
 * as good as any.
 */
export function unheld(header: DecodedHeader, failure: HoldfastError): Found {
  return { kind: 'entry', entry: { header, payload: NOTHING, failure } };
}

const NOTHING = Buffer.alloc(0);
