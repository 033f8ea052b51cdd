import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LockMode } from '../../src/index.js';
import { Actor, type Thread } from '../helpers/actor.js';
import { temporaryFolder } from '../helpers/folder.js';
import { needs } from '../helpers/needs.js';
import { isStillBlocked, surelyFree } from '../helpers/times.js';

type Place = 'same process' | 'worker thread' | 'other process';

const MECHANISMS = ['fs-ext', 'koffi'] as const;
const PLACES: Place[] = ['same process', 'worker thread', 'other process'];
const EXCLUDING: [held: LockMode, wanted: LockMode][] = [
  ['exclusive', 'exclusive'],
  ['exclusive', 'shared'],
  ['shared', 'exclusive'],
];

describe.each(MECHANISMS)('flock(2) through %s', (mechanism) => {
  describe.each(PLACES)('%s', (place) => {
    const testHere = test.skipIf(!canLock(mechanism, place));
    const pair = actors({ HOLDFAST_FLOCK: mechanism });

    testHere.each(EXCLUDING)(`%s excludes %s, ${place}`, async (held, wanted) => {
      const path = join(temporaryFolder(), 'data');
      const { holder, other } = pair.at(place);
      const lock = await holder.lock(path, held);

      const { granted } = await other.ask(path, wanted);
      expect(await isStillBlocked(granted)).toBe(true);

      await lock.release();
      await (await surelyFree(granted)).release();
    });

    testHere(`shared admits shared, ${place}`, async () => {
      const path = join(temporaryFolder(), 'data');
      const { holder, other } = pair.at(place);
      const lock = await holder.lock(path, 'shared');

      await (await surelyFree(other.lock(path, 'shared'))).release();
      await lock.release();
    });

    testHere.each(EXCLUDING)(`tryLockFile: %s excludes %s, ${place}`, async (held, wanted) => {
      const path = join(temporaryFolder(), 'data');
      const { holder, other } = pair.at(place);
      const lock = await holder.lock(path, held);

      expect(await other.tryLock(path, wanted)).toBeUndefined();

      await lock.release();
      const free = await other.tryLock(path, wanted);
      expect(free).toBeDefined();
      await free?.release();
    });

    testHere(`tryLockFile: shared admits shared, ${place}`, async () => {
      const path = join(temporaryFolder(), 'data');
      const { holder, other } = pair.at(place);
      const locks = [await holder.tryLock(path, 'shared'), await other.tryLock(path, 'shared')];

      expect(locks).not.toContain(undefined);
      for (const lock of locks) await lock?.release();
    });
  });

  // Not in the same process: there the queue keeps them apart before the kernel is asked.
  describe.each<Place>(['worker thread', 'other process'])('a lock that always grants', (place) => {
    const pair = actors({ HOLDFAST_FLOCK: mechanism, HOLDFAST_TEST_LOCK: 'broken' });

    test.skipIf(!canLock(mechanism, place))(`is seen through: ${place}`, async () => {
      const path = join(temporaryFolder(), 'data');
      const { holder, other } = pair.at(place);
      const lock = await holder.lock(path, 'exclusive');

      await (await surelyFree(other.lock(path, 'exclusive'))).release();
      await lock.release();
    });
  });
});

/** A worker thread has koffi, whatever the main thread has. */
function canLock(mechanism: 'fs-ext' | 'koffi', place: Place): boolean {
  return needs(mechanism) && (place !== 'worker thread' || needs('koffi'));
}

/** Two processes for all tests of a block. */
function actors(env: Record<string, string>) {
  const started: Actor[] = [];
  beforeAll(async () => {
    started.push(...(await Promise.all([Actor.start(env), Actor.start(env)])));
  });
  afterAll(async () => {
    for (const actor of started) await actor.kill();
  });
  return {
    /** The holder, and who wants the lock from this place. */
    at(place: Place): { holder: Thread; other: Thread } {
      const [one, two] = started;
      if (one === undefined || two === undefined) throw new Error('The actors did not start.');
      if (place === 'other process') return { holder: one.main, other: two.main };
      return { holder: one.main, other: place === 'worker thread' ? one.worker : one.main };
    },
  };
}
