import { SHARDS, SLOTS } from '../format/index.js';
import type { SharedWords } from './words.js';

/*
 * Both protocols over the words of `shared`. Each step below makes at most one access to shared memory, so that between any two
 * of them another process may do anything, and this one may die. docs/protocol.md says why they are as they are; test/model/
 * runs these very functions in every interleaving.
 *
 * A write, under the exclusive lock of the shard, inside one synchronous function:
 *
 * 1. Enter. The era's number must still be there. `busy` not 0: a writer died in here. Mark the totals of the shard for recounting,
 *    make the epoch of slot `busy - 1` even if it is odd, `busy = 0`. Repair is nothing but entering.
 * 2. `busy = slot + 1`; epoch = `e | 1`: odd, somebody is at work. The lease of the slot: loaded, and 0 where it is the mark of the
 *    key that is written. Also for a delete of an absent key.
 * 3. The work: publish or unlink, and totals.
 * 4. epoch = `(e | 1) + 1`, even, never 0; `busy = 0`. Leave.
 *
 * A read through memory, without a lock:
 *
 * 1. A hit: the era's number and the slot's epoch are what was kept with the value.
 * 2. A fill compares the era's number and loads the epoch *first*. Even: read the disk, keep (value, epoch). Odd: try to enter the
 *    exclusive section without waiting. Entered: it is repaired, start again. Not entered: a writer is at work: read the disk, keep
 *    nothing. The era's number is compared again before anything is given out.
 *
 * An epoch is loaded once and stored, not added to: the one who holds the lock is the only one to store.
 */

/** The words that the steps use: SharedWords, or those of a model. */
export type ProtocolWords = Pick<
  SharedWords,
  'era' | 'busy' | 'setBusy' | 'epoch' | 'setEpoch' | 'lease' | 'setLease' | 'markForRecount'
>;

/** One process in the middle of its steps: what it works on, and what it has loaded so far. Nobody else sees it. */
export interface Party {
  /** The number of the era that it works in. */
  readonly era: number;
  readonly shard: number;
  readonly slot: number;
  /** What stands in the slot's lease while the key is loaded that is written here; 0 where no load is to be taken its lease. */
  readonly mark: number;
  /** The epoch as it was loaded: of the slot, or in step 1 of the dead writer's. */
  epoch: number;
  /** The shard's busy word as it was loaded. */
  busy: number;
  /** The slot's lease as it was loaded. */
  lease: number;
}

/**
 * Why a list of steps is not run to its end. `ended`: the era is over. `damaged`: a word holds what no step stores; the era must end.
 * `clean`: nobody died in here. `odd`: a writer is at work, or died. `changed`: the slot was written to since.
 */
export type Outcome = 'ended' | 'damaged' | 'clean' | 'odd' | 'changed';
export type Step = (words: ProtocolWords, party: Party) => Outcome | undefined;

/** What a kept value must remember of its fill. */
export type Kept = Pick<Party, 'era' | 'slot' | 'epoch'>;
export type HitStep = (words: ProtocolWords, kept: Kept) => Outcome | undefined;

/** The steps by name; a model takes them out one by one. */
export const steps = {
  compareEra(words: ProtocolWords, party: Pick<Party, 'era'>) {
    return words.era === party.era ? undefined : 'ended';
  },
  loadBusy(words: ProtocolWords, party: Party) {
    party.busy = words.busy(party.shard);
    if (party.busy === 0) return 'clean';
    return isSlotOf(party.busy - 1, party.shard) ? undefined : 'damaged';
  },
  markTotals(words: ProtocolWords, party: Party) {
    words.markForRecount(party.shard);
    return undefined;
  },
  loadDeadEpoch(words: ProtocolWords, party: Party) {
    party.epoch = words.epoch(party.busy - 1);
    return undefined;
  },
  settleDeadEpoch(words: ProtocolWords, party: Party) {
    if (isOdd(party.epoch)) words.setEpoch(party.busy - 1, evenAfter(party.epoch));
    return undefined;
  },
  clearBusy(words: ProtocolWords, party: Party) {
    words.setBusy(party.shard, 0);
    return undefined;
  },
  loadEpoch(words: ProtocolWords, party: Party) {
    party.epoch = words.epoch(party.slot);
    return party.epoch === 0 ? 'damaged' : undefined;
  },
  raiseBusy(words: ProtocolWords, party: Party) {
    words.setBusy(party.shard, party.slot + 1);
    return undefined;
  },
  makeEpochOdd(words: ProtocolWords, party: Party) {
    words.setEpoch(party.slot, party.epoch | 1);
    return undefined;
  },
  loadLease(words: ProtocolWords, party: Party) {
    party.lease = words.lease(party.slot);
    return undefined;
  },
  clearLease(words: ProtocolWords, party: Party) {
    if (party.mark !== 0 && party.lease === party.mark) words.setLease(party.slot, 0);
    return undefined;
  },
  makeEpochEven(words: ProtocolWords, party: Party) {
    words.setEpoch(party.slot, evenAfter(party.epoch));
    return undefined;
  },
  compareEpoch(words: ProtocolWords, kept: Kept) {
    return words.epoch(kept.slot) === kept.epoch ? undefined : 'changed';
  },
  refuseOdd(_words: ProtocolWords, party: Party) {
    return isOdd(party.epoch) ? 'odd' : undefined;
  },
} satisfies Record<string, Step | HitStep>;

/** The steps in their order. Production runs these lists; a test may change one to show what a step is for. */
export const protocol = {
  /** Step 1 of a write. */
  enter: [
    steps.compareEra,
    steps.loadBusy,
    steps.markTotals,
    steps.loadDeadEpoch,
    steps.settleDeadEpoch,
    steps.clearBusy,
  ] as Step[],
  /** Step 2 of a write. */
  begin: [steps.loadEpoch, steps.raiseBusy, steps.makeEpochOdd, steps.loadLease, steps.clearLease] as Step[],
  /** Step 4 of a write. Where step 3 failed it is still the right thing to do: whatever readers kept is looked at again. */
  finish: [steps.makeEpochEven, steps.clearBusy] as Step[],
  /** Step 1 of a read. */
  hit: [steps.compareEra, steps.compareEpoch] as [HitStep, HitStep],
  /** Step 2 of a read, before the disk is read. */
  look: [steps.compareEra, steps.loadEpoch, steps.refuseOdd] as Step[],
  /** Step 2 of a read, after the disk was read and before anything is given out. */
  settle: [steps.compareEra] as Step[],
};
export type Protocol = typeof protocol;

/** Runs steps in their order. `undefined`: to the end. */
export function run(list: readonly Step[], words: ProtocolWords, party: Party): Outcome | undefined {
  for (const step of list) {
    const outcome = step(words, party);
    if (outcome !== undefined) return outcome;
  }
  return undefined;
}

/** Step 1 of a read: two loads. Written out, because it is run for every hit. */
export function isHit(words: ProtocolWords, kept: Kept): boolean {
  return protocol.hit[0](words, kept) === undefined && protocol.hit[1](words, kept) === undefined;
}

/** A process that is about to begin. `mark`: of the key that it will write, if a load of that key is to lose its lease. */
export function partyOf(era: number, shard: number, slot: number, mark = 0): Party {
  return { era, shard, slot, mark, epoch: 0, busy: 0, lease: 0 };
}

export function isOdd(epoch: number): boolean {
  return (epoch & 1) === 1;
}

const SLOTS_PER_SHARD = SLOTS / SHARDS;

/** Whether a number, as it was found in a word, names a slot of this shard. */
export function isSlotOf(slot: number, shard: number): boolean {
  return Math.floor(slot / SLOTS_PER_SHARD) === shard;
}

/** The even number after an odd one, within 32 bits, and never 0. */
function evenAfter(epoch: number): number {
  return ((epoch | 1) + 1) >>> 0 || 2;
}
