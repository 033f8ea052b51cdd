import { syscalls } from '../../os/syscalls.js';
import { kindOfName, namesIn } from '../disk/index.js';
import type { Era } from '../era/index.js';
import { SHARDS, SLOTS, slotOfName } from '../format/index.js';
import { PAUSE, type Steps } from '../sections/index.js';
import { blocksOf, isOdd, type ShardTotals } from '../shared/index.js';
import type { Recounted } from '../storage/index.js';

const SLOTS_PER_SHARD = SLOTS / SHARDS;
const NAMES_PER_STEP = 64;

/** What the slots of a shard hold, and their epochs from before they were counted. */
interface Survey {
  readonly entries: Float64Array;
  readonly bytes: Float64Array;
  readonly blocks: Float64Array;
  readonly epochs: Uint32Array;
}

/**
 * Counts the entries of a shard in its folder, and stores the totals, unless the purpose is to `compare`.
 *
 * A section is one synchronous function, and a folder may hold too many files to count in one. So:
 * 1. In slices and without a lock: load the epochs of the shard's slots, then add up what the files of each slot hold.
 * 2. In the exclusive section: a slot whose epoch was even and is still the same has not been written to. Count only
 *    the others again.
 */
export function* recountShard(era: Era, shard: number, purpose: 'store' | 'compare' = 'store'): Steps<Recounted> {
  const survey = yield* surveyShard(era, shard);
  let result: Recounted | undefined;
  yield {
    era,
    shard,
    work: () => {
      const counted = countChanged(era, shard, survey);
      result = { counted, noted: era.words.totals.of(shard) };
      if (purpose === 'store') era.words.totals.set(shard, counted);
    },
  };
  return result ?? { counted: NOTHING, noted: NOTHING };
}

const NOTHING: ShardTotals = { entries: 0, bytes: 0, blocks: 0 };

function* surveyShard(era: Era, shard: number): Steps<Survey> {
  const epochs = new Uint32Array(SLOTS_PER_SHARD);
  for (let index = 0; index < SLOTS_PER_SHARD; index += 1)
    epochs[index] = era.words.epoch(shard * SLOTS_PER_SHARD + index);
  const zeros = () => new Float64Array(SLOTS_PER_SHARD);
  const survey = { entries: zeros(), bytes: zeros(), blocks: zeros(), epochs };
  let done = 0;
  for (const name of namesIn(era, shard)) {
    if (kindOfName(shard, name) === 'entry') add(survey, era, shard, name);
    done += 1;
    if (done % NAMES_PER_STEP === 0) yield PAUSE;
  }
  return survey;
}

/** Counts the slots again that have changed since the survey, and adds up all. */
function countChanged(era: Era, shard: number, survey: Survey): ShardTotals {
  const changed = new Uint8Array(SLOTS_PER_SHARD);
  for (let index = 0; index < SLOTS_PER_SHARD; index += 1) {
    const epoch = survey.epochs[index] ?? 0;
    if (!isOdd(epoch) && epoch === era.words.epoch(shard * SLOTS_PER_SHARD + index)) continue;
    changed[index] = 1;
    survey.entries[index] = 0;
    survey.bytes[index] = 0;
    survey.blocks[index] = 0;
  }
  if (changed.includes(1)) {
    for (const name of namesIn(era, shard)) {
      if (kindOfName(shard, name) === 'entry' && changed[indexOf(name)] === 1) add(survey, era, shard, name);
    }
  }
  return { entries: sum(survey.entries), bytes: sum(survey.bytes), blocks: sum(survey.blocks) };
}

function add({ entries, bytes, blocks }: Survey, era: Era, shard: number, name: string): void {
  const stats = syscalls.lstat(era.paths.entry(shard, name));
  if (!stats?.isFile()) return;
  const index = indexOf(name);
  entries[index] = (entries[index] ?? 0) + 1;
  bytes[index] = (bytes[index] ?? 0) + stats.size;
  blocks[index] = (blocks[index] ?? 0) + blocksOf(era.words, stats.size);
}

function indexOf(name: string): number {
  return slotOfName(name) % SLOTS_PER_SHARD;
}

function sum(numbers: Float64Array): number {
  return numbers.reduce((total, number) => total + number, 0);
}
