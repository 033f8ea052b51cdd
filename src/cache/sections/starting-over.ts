import { EraEnded } from '../era/index.js';

/** How often an operation starts over because the era ended under it, before something is very wrong. */
export const MOST_ERAS = 20;

/** Runs an attempt again, in the era that followed, as long as the one that it worked in has ended. The only loop over eras there is. */
export function startingOver<T>(attempt: () => T): T {
  for (let tries = 0; ; tries += 1) {
    try {
      return attempt();
    } catch (error) {
      passOn(error, tries);
    }
  }
}

/** The same for what is waited for. */
export async function startingOverLater<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      passOn(error, tries);
    }
  }
}

function passOn(error: unknown, tries: number): void {
  if (!(error instanceof EraEnded) || tries >= MOST_ERAS) throw error;
}
