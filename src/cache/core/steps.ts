import { throwIfAborted } from '../../os/realms.js';
import { Turns } from '../../os/turns.js';
import { type Era, EraEnded } from '../era/index.js';
import type { CacheCore } from './core.js';

/** A section that a long job asks for. `work` runs at most once, in this era or not at all. */
export interface SectionStep {
  readonly era: Era;
  readonly shard: number;
  readonly work: (era: Era) => void;
}

/**
 * A long job over many shards, written as a generator so that it can be run on the thread or in slices of the event loop. What it
 * yields is a section to be run (under the shard's exclusive lock), or `PAUSE`: a place where others may have their turn. Where the era
 * ends under it, EraEnded is thrown into it.
 */
export type Steps<T> = Generator<SectionStep | undefined, T, void>;

/** A place where a long job can be interrupted. */
export const PAUSE = undefined;

/** Runs a job without holding the event loop up for longer than a slice and a step. Rejects with the signal's reason. */
export async function runSteps<T>(core: CacheCore, steps: Steps<T>, signal?: AbortSignal): Promise<T> {
  try {
    const turns = new Turns();
    for (let next = steps.next(); ; ) {
      if (next.done === true) return next.value;
      const pause = turns.pause();
      if (pause !== undefined) await pause;
      throwIfAborted(signal);
      core.assertOpen();
      const step = next.value;
      if (step !== undefined) {
        const ran = await core.store.inside(step.shard, 'exclusive', (present) => runIn(step, present), signal);
        next = ran ? steps.next() : steps.throw(new EraEnded());
      } else {
        next = steps.next();
      }
    }
  } finally {
    steps.return(undefined as T);
  }
}

/** Runs a job to its end on this thread. */
export function runStepsSync<T>(core: CacheCore, steps: Steps<T>): T {
  try {
    for (let next = steps.next(); ; ) {
      if (next.done === true) return next.value;
      const step = next.value;
      const ran =
        step === undefined || core.store.insideSync(step.shard, 'exclusive', (present) => runIn(step, present));
      next = ran ? steps.next() : steps.throw(new EraEnded());
    }
  } finally {
    steps.return(undefined as T);
  }
}

/** Starts a job again in the era that followed, where the one that it worked in has ended. */
export async function inPresentEra<T>(core: CacheCore, job: (era: Era) => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await job(await core.store.presentEra());
    } catch (error) {
      if (!(error instanceof EraEnded) || tries >= MOST_ERAS) throw error;
    }
  }
}

/** The same on this thread. */
export function inPresentEraSync<T>(core: CacheCore, job: (era: Era) => T): T {
  for (let tries = 1; ; tries += 1) {
    try {
      return job(core.store.era);
    } catch (error) {
      if (!(error instanceof EraEnded) || tries >= MOST_ERAS) throw error;
    }
  }
}

const MOST_ERAS = 20;

function runIn(step: SectionStep, present: Era): boolean {
  if (present !== step.era) return false;
  step.work(present);
  return true;
}
