import { throwIfAborted } from '../../os/realms.js';
import { Turns } from '../../os/turns.js';
import { type Era, EraEnded } from '../era/index.js';
import type { SectionRunner } from './section-runner.js';
import { startingOver, startingOverLater } from './starting-over.js';

/** An open cache, as the jobs in it see it. */
export interface Instance {
  readonly sections: SectionRunner;
  /** Throws `ERR_CACHE_CLOSED`. */
  assertOpen(): void;
}

/** A section that a long job asks for. `work` runs at most once, and only in this era. */
export interface SectionStep {
  readonly era: Era;
  readonly shard: number;
  readonly work: (era: Era) => void;
}

/**
 * A long job over many shards. It is a generator, so that it can be run on the thread or in slices of the event loop.
 * It yields a section to be run under the shard's exclusive lock, or `PAUSE`: a point where other work may run. If the
 * era ends during the job, EraEnded is thrown into it.
 */
export type Steps<T> = Generator<SectionStep | undefined, T, void>;

/** A point where a long job can be interrupted. */
export const PAUSE = undefined;

/** Runs a job without blocking the event loop for longer than a slice and a step. Rejects with the signal's reason. */
export async function runSteps<T>(instance: Instance, steps: Steps<T>, signal?: AbortSignal): Promise<T> {
  try {
    const turns = new Turns();
    for (let next = steps.next(); ; ) {
      if (next.done === true) return next.value;
      const pause = turns.pause();
      if (pause !== undefined) await pause;
      throwIfAborted(signal);
      instance.assertOpen();
      const step = next.value;
      if (step !== undefined) {
        const ran = await instance.sections.inside(step.shard, 'exclusive', (present) => runIn(step, present), signal);
        next = ran ? steps.next() : steps.throw(new EraEnded());
      } else {
        next = steps.next();
      }
    }
  } finally {
    steps.return(undefined as T);
  }
}

/** Runs a job in the present era, and again in the next one where the era has ended. */
export function inPresentEra<T>({ sections }: Instance, job: (era: Era) => Promise<T>): Promise<T> {
  return startingOverLater(async () => job(await sections.presentEra()));
}

/** The same on this thread. */
export function inPresentEraSync<T>({ sections }: Instance, job: (era: Era) => T): T {
  return startingOver(() => job(sections.era));
}

function runIn(step: SectionStep, present: Era): boolean {
  if (present !== step.era) return false;
  step.work(present);
  return true;
}
