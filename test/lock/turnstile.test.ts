import { chmodSync, existsSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { lockFile, tryLockFile } from '../../src/index.js';
import { Actor } from '../helpers/actor.js';
import { temporaryFolder } from '../helpers/folder.js';
import { admitsReaders } from '../helpers/free.js';
import { needs } from '../helpers/needs.js';
import { run } from '../helpers/run.js';
import { eventually, isStillBlocked, surelyFree } from '../helpers/times.js';

/** A lock that is free for 100 ms is taken past the one who is next; this leaves room for a busy machine. */
const PASSED_WITHIN_MS = 2_000;
const NOBODY = 65_534;

describe('the turnstile', () => {
  test('stands there only while somebody waits', async () => {
    const path = join(temporaryFolder(), 'data');
    const other = await Actor.forTest();
    const lock = await lockFile(path, 'exclusive');
    expect(existsSync(`${path}.lock.next`)).toBe(false);

    const { granted } = await other.main.ask(path, 'exclusive');
    await eventually(() => existsSync(`${path}.lock.next`));

    await lock.release();
    await surelyFree(granted);
    expect(existsSync(`${path}.lock.next`)).toBe(false);
  });

  test('is cleared away where a killed process stood', async () => {
    const path = join(temporaryFolder(), 'data');
    const killed = await Actor.forTest();
    const lock = await lockFile(path, 'shared');
    await killed.main.ask(path, 'exclusive');
    await eventually(() => !admitsReaders(path));
    await killed.kill();
    expect(existsSync(`${path}.lock.next`)).toBe(true);

    await lock.release();
    const other = await Actor.forTest();
    await surelyFree(other.main.lock(path, 'exclusive'));
    expect(existsSync(`${path}.lock.next`)).toBe(false);
  });

  test('is passed where a stopped process stands', async () => {
    const path = join(temporaryFolder(), 'data');
    const [stopped, next] = [await Actor.forTest(), await Actor.forTest()];
    const lock = await lockFile(path, 'shared');
    const { granted: late } = await stopped.main.ask(path, 'exclusive');
    await eventually(() => !admitsReaders(path));
    stopped.signal('SIGSTOP');
    const { granted } = await next.main.ask(path, 'exclusive');

    const releasedAt = performance.now();
    await lock.release();
    const passed = await surelyFree(granted);
    expect(performance.now() - releasedAt).toBeLessThan(PASSED_WITHIN_MS);

    stopped.signal('SIGCONT');
    expect(await isStillBlocked(late)).toBe(true);
    await passed.release();
    await surelyFree(late);
  });

  test('lets a writer in between readers whose locks always overlap', async () => {
    const path = join(temporaryFolder(), 'data');
    const readers = Array.from({ length: 4 }, () => run('overlapping-reader.mjs', [path]));
    for (const reader of readers) await reader.said('reading');

    for (let turn = 0; turn < 10; turn += 1) {
      const lock = await surelyFree(lockFile(path, 'exclusive'));
      await lock.release();
    }
  });

  test.skipIf(!needs('root')).each([0o600, 0o444, 0o666])(
    'that another user left, and that may not be removed, holds nobody up: mode %o',
    async (mode) => {
      const folder = temporaryFolder();
      chmodSync(folder, 0o1777);
      const path = join(folder, 'data');
      for (const name of [path, `${path}.lock`, `${path}.lock.next`]) writeFileSync(name, '');
      chmodSync(`${path}.lock`, 0o666);
      chmodSync(`${path}.lock.next`, mode);
      utimesSync(`${path}.lock.next`, 0, 12_345);
      process.seteuid?.(NOBODY);
      onTestFinished(() => process.seteuid?.(0));

      for (let turn = 0; turn < 3; turn += 1) {
        const lock = tryLockFile(path, 'exclusive');
        expect(lock).toBeDefined();
        await lock?.release();
      }
      expect(existsSync(`${path}.lock.next`)).toBe(true);
    },
  );

  test.skipIf(!needs('root'))('can be looked at by whoever may lock the sidecar, whatever the umask', async () => {
    const path = join(temporaryFolder(), 'data');
    writeFileSync(path, '');
    chmodSync(path, 0o666);
    const other = await Actor.forTest();
    const lock = await lockFile(path, 'exclusive');
    await other.main.ask(path, 'exclusive');
    await eventually(() => existsSync(`${path}.lock.next`) && (statSync(`${path}.lock.next`).mode & 0o777) === 0o666);
    await lock.release();
  });
});
