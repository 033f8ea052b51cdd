import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { errorCode } from '../../src/errors.js';
import { lockFile } from '../../src/index.js';
import { flockHolders } from '../../src/os/holders.js';
import { Actor } from '../helpers/actor.js';
import { openFilesIn } from '../helpers/descriptors.js';
import { temporaryFolder } from '../helpers/folder.js';
import { eventually, STILL_BLOCKED_MS } from '../helpers/times.js';
import { FAULTS, failAt, recordCalls } from './fault.js';

/** A wait makes the same calls over and over; which of them fail first shows all there is to show. */
const OCCURRENCES = [0, 1, 20];

describe('a fault while a lock is waited for that another process holds', () => {
  test.each(FAULTS)('%s at any kind of call leaves no descriptor, no lock and no place in the line', async (fault) => {
    const path = join(temporaryFolder(), 'data');
    const holder = await Actor.forTest();
    await holder.main.lock(path, 'exclusive');
    const kinds = new Set(await recordCalls(() => stepUpAndLeave(path)));

    const problems: string[] = [];
    for (const kind of kinds) {
      for (const occurrence of OCCURRENCES) {
        const restore = failAt(occurrence, fault, kind);
        const told = await waitInVain(path);
        restore();
        await turnOfTheLoop();
        if (told !== fault && told !== 'ERR_LOCK_TIMEOUT') problems.push(`${kind} ${occurrence}: told ${told}`);
        problems.push(...leftovers(path, holder).map((what) => `${kind} ${occurrence}: left ${what}`));
      }
    }
    expect(problems).toEqual([]);
  });
});

/** A wait that is given up at the turnstile, and so makes every kind of call. */
async function stepUpAndLeave(path: string): Promise<void> {
  const abort = new AbortController();
  const waiting = lockFile(path, 'exclusive', { signal: abort.signal });
  await eventually(() => existsSync(`${path}.lock.next`));
  abort.abort();
  await expect(waiting).rejects.toBe(abort.signal.reason);
}

/** The code with which a wait for the lock ends. */
async function waitInVain(path: string): Promise<string | undefined> {
  try {
    await lockFile(path, 'exclusive', { timeout: 2 * STILL_BLOCKED_MS });
    return undefined;
  } catch (error) {
    return errorCode(error);
  }
}

function leftovers(path: string, holder: Actor): string[] {
  const found = openFilesIn(dirname(path));
  if (flockHolders(`${path}.lock`).some((pid) => pid !== holder.pid)) found.push('a lock');
  // A mark that could not be unlinked stands there, unlocked, until the next process looks.
  if (existsSync(`${path}.lock.next`) && flockHolders(`${path}.lock.next`).length > 0)
    found.push('a place in the line');
  return found;
}
