import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { lockFile } from '../../src/index.js';
import { Actor } from '../helpers/actor.js';
import { temporaryFolder } from '../helpers/folder.js';
import { admitsReaders } from '../helpers/free.js';
import { run } from '../helpers/run.js';
import { eventually, isStillBlocked, surelyFree } from '../helpers/times.js';

/** A lock that is free for 100 ms is taken past the one who is next; this leaves room for a busy machine. */
const PASSED_WITHIN_MS = 2_000;

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
});
