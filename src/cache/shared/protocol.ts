import { SHARDS, SLOTS } from '../format/index.js';
import type { SharedWords } from './words.js';

/*
 * The protocol of a write and that of a read, over the words of `shared`. Each step below accesses shared memory once
 * at most. Between two steps another process may do anything, and this one may die. docs/protocol.md gives the reasons;
 * test/model/ runs these functions in every interleaving.
 *
 * A write, under the exclusive lock of the shard, inside one synchronous function:
 *
 * 1. Enter. The era's number must still be there. If `busy` is not 0, a writer has died in this shard. Then repair:
 *    mark the totals of the shard for a recount, make the epoch of slot `busy - 1` even if it is odd, `busy = 0`.
 * 2. `busy = slot + 1`; epoch = `e | 1`: odd while the write lasts. Load the lease of the slot; store 0 if it is the
 *    mark of the key that is written. A delete of an absent key does this too.
 * 3. Publish or unlink the entry, and change the totals.
 * 4. epoch = `(e | 1) + 1`, even, never 0; `busy = 0`. Leave.
 *
 * A read through memory, without a lock:
 *
 * 1. It is a hit if the era's number and the slot's epoch are those that were kept with the value.
 * 2. A fill *first* compares the era's number and loads the epoch. Even: read the disk, keep (value, epoch). Odd: try
 *    the lock of the shard once. If it is free, entering repairs the shard: start again. If it is not free, a writer is
 *    at work: read the disk, keep nothing. In each case compare the era's number again before the value is given out.
 *
 * A writer loads an epoch once and stores the next one. It needs no atomic addition, since only the holder of the lock
 * stores.
 */

/** The words that the steps use: SharedWords, or those of a model. */
export type ProtocolWords = Pick<
  SharedWords,
  'era' | 'busy' | 'setBusy' | 'epoch' | 'setEpoch' | 'lease' | 'setLease' | 'markForRecount'
>;

/**
 * The state of one process in the middle of its steps: what it works on, and what it has loaded so far. It is private
 * to the process.
 */
export interface Party {
  /** The number of the era that it works in. */
  readonly era: number;
  readonly shard: number;
  readonly slot: number;
  /**
   * The mark in the slot's lease while the key that is written here is being loaded. 0: the write takes no lease away.
   */
  readonly mark: number;
  /** The epoch as it was loaded: of the slot, or in step 1 of the dead writer's slot. */
  epoch: number;
  /** The shard's busy word as it was loaded. */
  busy: number;
  /** The slot's lease as it was loaded. */
  lease: number;
}

/**
 * Why a list of steps is not run to its end. `ended`: the era has ended. `damaged`: a word holds a value that no step
 * stores; the era must end. `clean`: no writer has died in this shard. `odd`: a writer is at work, or has died.
 * `changed`: the slot has been written to since.
 */
export type Outcome = 'ended' | 'damaged' | 'clean' | 'odd' | 'changed';
export type Step = (words: ProtocolWords, party: Party) => Outcome | undefined;

/** What is kept with a value of the fill that read it. */
export type Kept = Pick<Party, 'era' | 'slot' | 'epoch'>;
export type HitStep = (words: ProtocolWords, kept: Kept) => Outcome | undefined;

/** The steps by name. Tests of the model take them out one by one. */
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
  repairDeadEpoch(words: ProtocolWords, party: Party) {
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

/** The steps in their order. Production runs these lists; a test may change one to show why a step is needed. */
export const protocol = {
  /** Step 1 of a write. */
  enter: [
    steps.compareEra,
    steps.loadBusy,
    steps.markTotals,
    steps.loadDeadEpoch,
    steps.repairDeadEpoch,
    steps.clearBusy,
  ] as Step[],
  /** Step 2 of a write. */
  begin: [steps.loadEpoch, steps.raiseBusy, steps.makeEpochOdd, steps.loadLease, steps.clearLease] as Step[],
  /** Step 4 of a write, also after a failure in step 3: the new epoch makes readers check the disk again. */
  finish: [steps.makeEpochEven, steps.clearBusy] as Step[],
  /** Step 1 of a read. */
  hit: [steps.compareEra, steps.compareEpoch] as [HitStep, HitStep],
  /** Step 2 of a read, before it reads the disk. */
  beforeReading: [steps.compareEra, steps.loadEpoch, steps.refuseOdd] as Step[],
  /** Step 2 of a read, after it has read the disk and before it gives anything out. */
  afterReading: [steps.compareEra] as Step[],
};
export type Protocol = typeof protocol;

/** Runs steps in their order. `undefined`: all have been run. */
export function run(list: readonly Step[], words: ProtocolWords, party: Party): Outcome | undefined {
  for (const step of list) {
    const outcome = step(words, party);
    if (outcome !== undefined) return outcome;
  }
  return undefined;
}

/** Step 1 of a read: two loads. Written out without a loop, because every hit runs it. */
export function isHit(words: ProtocolWords, kept: Kept): boolean {
  return protocol.hit[0](words, kept) === undefined && protocol.hit[1](words, kept) === undefined;
}

/**
 * The state of a process that has run no step. `mark`: that of the key that it will write, if a load of that key must
 * lose its lease.
 */
export function partyOf(era: number, shard: number, slot: number, mark = 0): Party {
  return { era, shard, slot, mark, epoch: 0, busy: 0, lease: 0 };
}

export function isOdd(epoch: number): boolean {
  return (epoch & 1) === 1;
}

const SLOTS_PER_SHARD = SLOTS / SHARDS;

/** Whether a number from a word is that of a slot of this shard. */
export function isSlotOf(slot: number, shard: number): boolean {
  return Math.floor(slot / SLOTS_PER_SHARD) === shard;
}

/** The even number after an odd one, within 32 bits, and never 0. */
function evenAfter(epoch: number): number {
  return ((epoch | 1) + 1) >>> 0 || 2;
}
