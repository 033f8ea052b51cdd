import { giveUpSpare, removeLeftover, removeNamed } from '../disk/index.js';
import type { Era } from '../era/index.js';
import { type Place, SHARDS } from '../format/index.js';
import type { Eviction, EvictionStep, MakingRoom } from '../storage/index.js';
import { type Candidate, isUnchanged, Victims } from './victims.js';

/**
 * Eviction from folders: first recycled files, where that is wanted, then the coldest entry of the shard of the write
 * and, if that is small, of some shards that follow. To choose it takes no system call: times of last use and epochs
 * are words of shared memory (victims.ts).
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

  /**
   * A step that removes what a killed writer has left in a folder that was read: it takes space, and is in no total.
   */
  #leftoverStep({ era, passedOver }: MakingRoom): EvictionStep | undefined {
    for (let left = this.#victims.nextLeftover(); left !== undefined; left = this.#victims.nextLeftover()) {
      const { shard, name } = left;
      if (!passedOver.has(shard)) return { shard, work: () => removeLeftover(era, shard, name) };
    }
    return undefined;
  }

  #victimStep(making: MakingRoom): EvictionStep | undefined {
    const victim = this.#victims.coldest(making.era, making.written, making.passedOver);
    // Leftovers that were seen when a folder was read for this go first. The victim will be chosen again.
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

/** A step that removes the recycled file of the shard of the write, or of one that follows. */
function spareStep({ era, written, passedOver }: MakingRoom): EvictionStep | undefined {
  for (let step = 0; step < SHARDS; step += 1) {
    const shard = (written.shard + step) % SHARDS;
    if (era.words.spare(shard) !== 0 && !passedOver.has(shard)) return { shard, work: () => giveUpSpare(era, shard) };
  }
  return undefined;
}
