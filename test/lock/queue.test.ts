import { existsSync, mkdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { lockFile, tryLockFile } from '../../src/index.js';
import { Actor } from '../helpers/actor.js';
import { openFilesIn } from '../helpers/descriptors.js';
import { temporaryFolder } from '../helpers/folder.js';
import { admitsReaders } from '../helpers/free.js';
import { mountTmpfs } from '../helpers/mount.js';
import { needs } from '../helpers/needs.js';
import { eventually, isStillBlocked, surelyFree } from '../helpers/times.js';

describe('the queue of one process', () => {
  test('is first come, first served', async () => {
    const path = join(temporaryFolder(), 'data');
    const order: number[] = [];
    const held = await lockFile(path, 'exclusive');

    const turns = [1, 2, 3, 4, 5].map(async (turn) => {
      const lock = await lockFile(path, turn % 2 === 0 ? 'shared' : 'exclusive');
      order.push(turn);
      await lock.release();
    });
    await held.release();
    await surelyFree(Promise.all(turns));

    expect(order).toEqual([1, 2, 3, 4, 5]);
  });

  test('lets readers share one lock of the kernel', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'data');
    const readers = await surelyFree(Promise.all([1, 2, 3].map(() => lockFile(path, 'shared'))));

    expect(openFilesIn(folder)).toEqual([`${path}.lock`]);

    for (const reader of readers) await reader.release();
    expect(openFilesIn(folder)).toEqual([]);
  });

  test('grants all readers at its head at once', async () => {
    const path = join(temporaryFolder(), 'data');
    const writer = await lockFile(path, 'exclusive');
    const waiting = [1, 2, 3].map(() => lockFile(path, 'shared'));

    await writer.release();
    const readers = await surelyFree(Promise.all(waiting));
    for (const reader of readers) await reader.release();
  });

  test('lets no reader join once a writer waits in this process', async () => {
    const path = join(temporaryFolder(), 'data');
    const reader = await lockFile(path, 'shared');
    const writer = lockFile(path, 'exclusive');
    const late = lockFile(path, 'shared');

    expect(tryLockFile(path, 'shared')).toBeUndefined();
    expect(await isStillBlocked(late)).toBe(true);

    await reader.release();
    const second = await surelyFree(writer);
    expect(await isStillBlocked(late)).toBe(true);
    await second.release();
    await (await surelyFree(late)).release();
  });

  test('lets no reader join once a writer waits in another process', async () => {
    const path = join(temporaryFolder(), 'data');
    const other = await Actor.forTest();
    const reader = await lockFile(path, 'shared');
    const { granted: writer } = await other.main.ask(path, 'exclusive');
    await eventually(() => !admitsReaders(path));

    const late = lockFile(path, 'shared');
    expect(await isStillBlocked(late)).toBe(true);

    await reader.release();
    await (await surelyFree(writer)).release();
    await (await surelyFree(late)).release();
  });

  test('is one for two names of a file', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'real'));
    symlinkSync('real', join(folder, 'link'));
    const names = [join(folder, 'real', 'data'), join(folder, 'link', 'data')];
    const order: string[] = [];
    const held = await lockFile(names[0] ?? '', 'exclusive');

    const turns = [...names, ...names].map(async (name) => {
      const lock = await lockFile(name, 'exclusive');
      order.push(name);
      await lock.release();
    });
    expect(openFilesIn(folder)).toEqual([join(folder, 'real', 'data.lock')]);
    await held.release();
    await surelyFree(Promise.all(turns));

    expect(order).toEqual([...names, ...names]);
  });

  test('is another one for a new folder that got the inode number of a removed one', async () => {
    const parent = temporaryFolder();
    for (let round = 0; round < 5; round += 1) {
      const folder = join(parent, String(round));
      mkdirSync(folder);
      const lock = await lockFile(join(folder, 'data'), 'exclusive');
      expect(existsSync(join(folder, 'data.lock'))).toBe(true);
      await lock.release();
      rmSync(folder, { recursive: true });
    }
  });

  test.skipIf(!needs('tmpfs'))(
    'is another one for a sidecar of the same inode number on another file system',
    async () => {
      const held = join(mountTmpfs('size=64k'), 'data');
      const wanted = join(mountTmpfs('size=64k'), 'data');
      const other = await Actor.forTest();
      await other.main.lock(wanted, 'exclusive');
      const lock = await lockFile(held, 'exclusive');
      expect(statSync(`${held}.lock`).ino).toBe(statSync(`${wanted}.lock`).ino);

      const waiting = lockFile(wanted, 'exclusive');
      await lock.release();
      expect(await isStillBlocked(waiting)).toBe(true);

      await other.kill();
      await (await surelyFree(waiting)).release();
    },
  );
});
