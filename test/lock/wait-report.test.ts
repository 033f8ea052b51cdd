import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { lockFile } from '../../src/index.js';
import { temporaryFolder } from '../helpers/folder.js';
import { needs } from '../helpers/needs.js';
import { isStillBlocked } from '../helpers/times.js';

/** What is told on the channel until the test ends. */
function waitsTold(): unknown[] {
  const told: unknown[] = [];
  const listener = (message: unknown) => told.push(message);
  subscribe('holdfast:lock-wait', listener);
  onTestFinished(() => {
    unsubscribe('holdfast:lock-wait', listener);
  });
  return told;
}

describe.skipIf(!needs('koffi') && !needs('fs-ext'))('holdfast:lock-wait', () => {
  test('tells of a wait when the lock is granted, with its path and length', async () => {
    const path = join(temporaryFolder(), 'file');
    const told = waitsTold();
    const held = await lockFile(path, 'exclusive');
    const waiting = lockFile(path, 'exclusive');
    expect(await isStillBlocked(waiting)).toBe(true);
    expect(told).toEqual([]);
    await held.release();
    await (await waiting).release();
    expect(told).toEqual([{ path, milliseconds: expect.any(Number) }]);
  });

  test('tells of one that was given up', async () => {
    const path = join(temporaryFolder(), 'file');
    const held = await lockFile(path, 'exclusive');
    const told = waitsTold();
    await expect(lockFile(path, 'exclusive', { timeout: 5 })).rejects.toMatchObject({ code: 'ERR_LOCK_TIMEOUT' });
    expect(told).toEqual([{ path, milliseconds: expect.any(Number) }]);
    await held.release();
  });

  test('tells nothing where the lock was free', async () => {
    const told = waitsTold();
    const lock = await lockFile(join(temporaryFolder(), 'file'), 'shared');
    await lock.release();
    expect(told).toEqual([]);
  });
});
