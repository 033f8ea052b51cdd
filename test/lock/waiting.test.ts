import { existsSync, writeFileSync } from 'node:fs';
import { readFile as readThroughPool } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type LockMode, lockFile, tryLockFile } from '../../src/index.js';
import { Actor } from '../helpers/actor.js';
import { openFilesIn } from '../helpers/descriptors.js';
import { temporaryFolder } from '../helpers/folder.js';
import { isFree } from '../helpers/free.js';
import { eventually, isStillBlocked, STILL_BLOCKED_MS, surelyFree } from '../helpers/times.js';

const MODES: LockMode[] = ['shared', 'exclusive'];

describe.each(MODES)('a wait for the %s lock that another process holds', (mode) => {
  test('rejects with the reason of the signal that aborts it, and leaves nothing', async () => {
    const { folder, path, holder } = await held();
    const abort = new AbortController();
    const waiting = lockFile(path, mode, { signal: abort.signal });
    await eventually(() => existsSync(`${path}.lock.next`));

    const reason = new Error('changed my mind');
    abort.abort(reason);
    await expect(surelyFree(waiting)).rejects.toBe(reason);

    expect(openFilesIn(folder)).toEqual([]);
    expect(existsSync(`${path}.lock.next`)).toBe(false);
    await holder.kill();
    expect(isFree(path)).toBe(true);
  });

  test('rejects with ERR_LOCK_TIMEOUT that names the holder, and leaves nothing', async () => {
    const { folder, path, holder } = await held();
    const waiting = lockFile(path, mode, { timeout: STILL_BLOCKED_MS });

    await expect(surelyFree(waiting)).rejects.toMatchObject({
      code: 'ERR_LOCK_TIMEOUT',
      path,
      message: expect.stringContaining(String(holder.pid)),
    });

    expect(openFilesIn(folder)).toEqual([]);
    expect(existsSync(`${path}.lock.next`)).toBe(false);
    await holder.kill();
    expect(isFree(path)).toBe(true);
  });

  test('is one try where the timeout is 0', async () => {
    const { folder, path, holder } = await held();
    await expect(lockFile(path, mode, { timeout: 0 })).rejects.toMatchObject({ code: 'ERR_LOCK_TIMEOUT' });
    expect(openFilesIn(folder)).toEqual([]);

    await holder.kill();
    await (await lockFile(path, mode, { timeout: 0 })).release();
  });
});

describe('a wait in the middle of the queue of its own process', () => {
  test('that is aborted leaves no place in it', async () => {
    const path = join(temporaryFolder(), 'data');
    const reader = await lockFile(path, 'shared');
    const abort = new AbortController();
    const writer = lockFile(path, 'exclusive', { signal: abort.signal });
    const next = lockFile(path, 'shared');
    expect(await isStillBlocked(next)).toBe(true);

    abort.abort();
    await expect(writer).rejects.toMatchObject({ name: 'AbortError' });

    await (await surelyFree(next)).release();
    await reader.release();
  });

  test('that times out leaves no place in it', async () => {
    const path = join(temporaryFolder(), 'data');
    const reader = await lockFile(path, 'shared');
    const writer = lockFile(path, 'exclusive', { timeout: STILL_BLOCKED_MS });
    const next = lockFile(path, 'shared');

    await expect(writer).rejects.toMatchObject({
      code: 'ERR_LOCK_TIMEOUT',
      message: expect.stringContaining('this process'),
    });

    await (await surelyFree(next)).release();
    await reader.release();
  });
});

test('a signal that is aborted already rejects at once, and makes no sidecar', async () => {
  const path = join(temporaryFolder(), 'data');
  const reason = new Error('too late');

  await expect(lockFile(path, 'shared', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  expect(existsSync(`${path}.lock`)).toBe(false);
});

test('a signal that is aborted after the lock was granted changes nothing', async () => {
  const path = join(temporaryFolder(), 'data');
  const abort = new AbortController();
  const lock = await lockFile(path, 'exclusive', { signal: abort.signal });
  abort.abort();

  expect(tryLockFile(path, 'shared')).toBeUndefined();
  await lock.release();
});

test('64 waiters in one process do not keep its other files from being read', async () => {
  const { folder, path, holder } = await held();
  writeFileSync(join(folder, 'other'), 'content');
  const waiting = Array.from({ length: 64 }, () => lockFile(path, 'exclusive'));

  for (let reads = 0; reads < 100; reads += 1) {
    expect(await readThroughPool(join(folder, 'other'), 'utf8')).toBe('content');
  }
  expect(await isStillBlocked(Promise.race(waiting))).toBe(true);

  await holder.kill();
  for (const waiter of waiting) await (await surelyFree(waiter)).release();
});

test('a lock is released once, however often release is called', async () => {
  const path = join(temporaryFolder(), 'data');
  const first = await lockFile(path, 'shared');
  const second = await lockFile(path, 'shared');
  await first.release();
  await first.release();

  expect(tryLockFile(path, 'exclusive')).toBeUndefined();
  await second.release();
  expect(isFree(path)).toBe(true);
});

test('await using gives the lock up at the end of the block', async () => {
  const path = join(temporaryFolder(), 'data');
  {
    await using lock = await lockFile(path, 'exclusive');
    expect(lock).toMatchObject({ path, mode: 'exclusive' });
    expect(tryLockFile(path, 'shared')).toBeUndefined();
  }
  expect(isFree(path)).toBe(true);
});

/** A file whose exclusive lock another process holds. */
async function held(): Promise<{ folder: string; path: string; holder: Actor }> {
  const folder = temporaryFolder();
  const path = join(folder, 'data');
  const holder = await Actor.forTest();
  await holder.main.lock(path, 'exclusive');
  return { folder, path, holder };
}
