import { monotonicMs } from '../../os/boot.js';
import type { Place } from '../format/index.js';
import type { WithWords } from './tags.js';

/** The resolution of the clock of the words for accesses. */
export const TICKS_PER_SECOND = 256;
const TICK_MS = 1_000 / TICKS_PER_SECOND;

/*
 * What eviction goes by, in words of shared memory. A slot's word says when the slot was last used; to note that takes
 * no system call. A shard's word says when its first entry expires; a shard without expired entries is not searched for
 * them.
 */

/** The clock of the words for accesses: ticks since the machine was started, 32 bits, which last for half a year. */
export function accessClock(): number {
  return Math.floor(monotonicMs() / TICK_MS) >>> 0;
}

/** To be called at each hit, also one in memory. */
export function noteRead(era: WithWords, place: Pick<Place, 'slot'>): void {
  era.words.touch(place.slot, accessClock());
}

/** Notes that `bytes` become the entry of a key. Inside the shard's exclusive section. */
export function noteWrite(era: WithWords, place: Pick<Place, 'shard' | 'slot'>, bytes: Buffer): void {
  noteWriteUntil(era, place, staleUntilOf(bytes));
}

/** The same for an entry whose bytes are not in memory. */
export function noteWriteUntil(era: WithWords, place: Pick<Place, 'shard' | 'slot'>, staleUntil: number): void {
  era.words.touch(place.slot, accessClock());
  noteExpiry(era, place.shard, staleUntil);
}

/**
 * Notes until when an entry may be given out (milliseconds since 1970, or never). Inside the shard's exclusive section.
 */
export function noteExpiry(era: WithWords, shard: number, staleUntil: number): void {
  if (staleUntil === Number.POSITIVE_INFINITY) return;
  const seconds = Math.min(0xffffffff, Math.max(1, Math.floor(staleUntil / 1_000)));
  const former = era.words.nextExpiry(shard);
  if (former === 0 || seconds < former) era.words.setNextExpiry(shard, seconds);
}

/** Whether the shard may hold entries that can no longer be given out. */
export function mayHoldExpired(era: WithWords, shard: number, nowMs: number): boolean {
  const seconds = era.words.nextExpiry(shard);
  return seconds !== 0 && seconds * 1_000 <= nowMs;
}

/**
 * When a slot was last used, for comparison with others. A time in the future was noted before the machine was last
 * started, when its clock began anew.
 */
export function lastUse(era: WithWords, slot: number, now: number): number {
  const noted = era.words.access(slot);
  return noted > now + 1 ? 0 : noted;
}

/** Where the header of an entry says until when it may be given out (docs/entry-format.md). */
const STALE_UNTIL_OFFSET = 24;

/** Until when the entry in these bytes may be given out. */
export function staleUntilOf(entry: Buffer): number {
  return entry.readDoubleLE(STALE_UNTIL_OFFSET);
}
