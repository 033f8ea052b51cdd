import { EraEnded } from '../era/index.js';

/** How often an operation starts over because the era ended during it. After that something is very wrong. */
export const MOST_ERAS = 20;

/** Runs an attempt, and again in the next era where its era has ended. This is the only loop over eras. */
export function startingOver<T>(attempt: () => T): T {
  for (let tries = 0; ; tries += 1) {
    try {
      return attempt();
    } catch (error) {
      passOn(error, tries);
    }
  }
}

/** The same for an attempt that returns a promise. */
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
