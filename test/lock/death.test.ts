import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Actor } from '../helpers/actor.js';
import { temporaryFolder } from '../helpers/folder.js';
import { needs } from '../helpers/needs.js';
import { isStillBlocked, surelyFree } from '../helpers/times.js';

/** A waiter looks every 50 ms at least; a lock that is "stale" after seconds would be far above this. */
const AT_ONCE_MS = 1_000;

describe.each(['fs-ext', 'koffi'] as const)('a holder that dies, flock(2) through %s', (mechanism) => {
  test.skipIf(!needs(mechanism)).each(['shared', 'exclusive'] as const)(
    'killed with SIGKILL while it holds a lock (%s): the next one gets it at once',
    async (held) => {
      const path = join(temporaryFolder(), 'data');
      const holder = await Actor.forTest({ HOLDFAST_FLOCK: mechanism });
      const next = await Actor.forTest({ HOLDFAST_FLOCK: mechanism });
      await holder.main.lock(path, held);
      const { granted } = await next.main.ask(path, 'exclusive');
      expect(await isStillBlocked(granted)).toBe(true);

      await holder.kill();
      const deadAt = performance.now();
      await surelyFree(granted);
      expect(performance.now() - deadAt).toBeLessThan(AT_ONCE_MS);
    },
  );

  test.skipIf(!needs(mechanism, 'koffi'))('a worker thread that is terminated gives its locks up', async () => {
    const path = join(temporaryFolder(), 'data');
    const actor = await Actor.forTest({ HOLDFAST_FLOCK: mechanism });
    await actor.worker.lock(path, 'exclusive');
    const { granted } = await actor.main.ask(path, 'exclusive');
    expect(await isStillBlocked(granted)).toBe(true);

    await actor.terminateWorker();
    await surelyFree(granted);
  });
});
