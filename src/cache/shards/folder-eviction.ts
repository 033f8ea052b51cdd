import { giveUpSpare, removeLeftover, removeNamed } from '../disk/index.js';
import type { Era } from '../era/index.js';
import { type Place, SHARDS } from '../format/index.js';
import type { Eviction, EvictionStep, MakingRoom } from '../storage/index.js';
import { type Candidate, isUnchanged, Victims } from './victims.js';

/**
 * Eviction from folders: first, where that is wanted, files that are kept to be used again, then the coldest entry of the own shard and, where
 * that is small, of some that follow. Nobody is asked: times of last use and epochs are words of shared memory (victims.ts).
 */
export class FolderEviction implements Eviction {
  readonly #victims = new Victims();

  begin(era: Era): void {
    this.#victims.begin(era);
  }

  noteWritten(era: Era, place: Place): void {
    this.#victims.noteWritten(era, place);
  }

  next(making: MakingRoom): EvictionStep | undefined {
    return (
      (making.sparesFirst ? spareStep(making) : undefined) ?? this.#leftoverStep(making) ?? this.#victimStep(making)
    );
  }

  /** Whoever has read a folder also removes what killed writers left there: it takes space, and is in no total. */
  #leftoverStep({ era, passedOver }: MakingRoom): EvictionStep | undefined {
    for (let left = this.#victims.nextLeftover(); left !== undefined; left = this.#victims.nextLeftover()) {
      const { shard, name } = left;
      if (!passedOver.has(shard)) return { shard, work: () => removeLeftover(era, shard, name) };
    }
    return undefined;
  }

  #victimStep(making: MakingRoom): EvictionStep | undefined {
    const victim = this.#victims.coldest(making.era, making.written, making.passedOver);
    // What was seen beside the entries when a folder was read for this goes first; the victim is found again.
    const leftover = this.#leftoverStep(making);
    if (leftover !== undefined || victim === undefined) return leftover;
    this.#victims.drop(victim);
    return { shard: victim.shard, work: () => remove(making, victim) };
  }
}

function remove(making: MakingRoom, victim: Candidate): void {
  if (!making.isStillOver() || !isUnchanged(making.era, victim)) return;
  const bytes = removeNamed(making.era, victim.shard, victim.name);
  if (bytes !== undefined) making.removed(bytes);
}

/** Of the own shard, or of one that follows. */
function spareStep({ era, written, passedOver }: MakingRoom): EvictionStep | undefined {
  for (let step = 0; step < SHARDS; step += 1) {
    const shard = (written.shard + step) % SHARDS;
    if (era.words.spare(shard) !== 0 && !passedOver.has(shard)) return { shard, work: () => giveUpSpare(era, shard) };
  }
  return undefined;
}
