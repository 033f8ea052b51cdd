import type { SharedWords } from './words.js';

/*
 * The protocol of a write, under the exclusive lock of the shard, inside one synchronous function:
 *
 * 1. Enter. The era's number must still be there. `busy` not 0: a writer died in here. Mark the totals of the shard for recounting,
 *    make the epoch of slot `busy - 1` even if it is odd, `busy = 0`. Repair is nothing but entering.
 * 2. `busy = slot + 1`; epoch = `e | 1`: odd, somebody is at work. The lease of the own key: 0. Also for a delete of an absent key.
 * 3. The work: publish or unlink, and totals.
 * 4. epoch = `(e | 1) + 1`, even, never 0; `busy = 0`. Leave.
 *
 * An epoch is loaded once and stored, not added to: the one who holds the lock is the only one to store.
 */

/** The words that the steps use: SharedWords, or those of a model. */
export type ProtocolWords = Pick<
  SharedWords,
  'era' | 'busy' | 'setBusy' | 'epoch' | 'setEpoch' | 'setLease' | 'markForRecount'
>;

/** Step 1. `ended`: leave the lock and look for the new era. */
export function enter(words: ProtocolWords, era: number, shard: number): 'entered' | 'ended' {
  if (words.era !== era) return 'ended';
  const busy = words.busy(shard);
  if (busy !== 0) repair(words, shard, busy - 1);
  return 'entered';
}

function repair(words: ProtocolWords, shard: number, slot: number): void {
  words.markForRecount(shard);
  const epoch = words.epoch(slot);
  if (isOdd(epoch)) words.setEpoch(slot, evenAfter(epoch));
  words.setBusy(shard, 0);
}

/** Step 2. `damaged`: the epoch is 0, which no step of this protocol stores; the era must end. */
export function begin(words: ProtocolWords, shard: number, slot: number): 'begun' | 'damaged' {
  const epoch = words.epoch(slot);
  if (epoch === 0) return 'damaged';
  words.setBusy(shard, slot + 1);
  words.setEpoch(slot, epoch | 1);
  return 'begun';
}

/** Step 4. Where step 3 failed it is still the right thing to do: whatever readers kept is looked at again. */
export function finish(words: ProtocolWords, shard: number, slot: number): void {
  words.setEpoch(slot, evenAfter(words.epoch(slot)));
  words.setBusy(shard, 0);
}

export function isOdd(epoch: number): boolean {
  return (epoch & 1) === 1;
}

/** The even number after an odd one, within 32 bits, and never 0. */
function evenAfter(epoch: number): number {
  return ((epoch | 1) + 1) >>> 0 || 2;
}
