import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { lockFile, mapFile, readFile, removeFile, tryLockFile, updateFile, writeFile } from '../../src/index.js';
import { temporaryFolder } from '../helpers/folder.js';
import { needs } from '../helpers/needs.js';
import { surelyFree } from '../helpers/times.js';

const CONFLICT = { code: 'ERR_LOCK_CONFLICT' };

describe('inside the update of a file, at once and not after a wait,', () => {
  const locking: [name: string, call: (path: string) => Promise<unknown>][] = [
    ['lockFile shared', (path) => lockFile(path, 'shared')],
    ['lockFile exclusive', (path) => lockFile(path, 'exclusive')],
    ['tryLockFile', async (path) => tryLockFile(path, 'shared')],
    ['readFile', (path) => readFile(path)],
    ['writeFile', (path) => writeFile(path, 'inner')],
    ['updateFile', (path) => updateFile(path, () => 'inner')],
    ['removeFile', (path) => removeFile(path)],
  ];

  test.each(locking)('%s of the same file is ERR_LOCK_CONFLICT', async (_, call) => {
    const path = join(temporaryFolder(), 'data');
    await writeFile(path, 'old');

    await updateFile(path, async () => {
      await expect(surelyFree(call(path))).rejects.toMatchObject(CONFLICT);
      return 'new';
    });
    expect(String(await readFile(path))).toBe('new');
  });

  test.skipIf(!needs('koffi'))('mapFile of the same file is ERR_LOCK_CONFLICT', async () => {
    const path = join(temporaryFolder(), 'data');
    await writeFile(path, 'old');
    await updateFile(path, async () => {
      await expect(surelyFree(mapFile(path))).rejects.toMatchObject(CONFLICT);
      return 'new';
    });
  });

  test('it is ERR_LOCK_CONFLICT through other awaits, callbacks and updates of other files too', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'data');

    await updateFile(path, async () => {
      await turnOfTheLoop();
      await updateFile(join(folder, 'other'), async () => {
        await Promise.all([turnOfTheLoop(), turnOfTheLoop()]);
        const inCallback = new Promise<void>((resolve, reject) => {
          setTimeout(() => lockFile(path, 'shared').then(() => resolve(), reject), 1);
        });
        await expect(surelyFree(inCallback)).rejects.toMatchObject(CONFLICT);
        return 'other';
      });
      return 'new';
    });
  });

  test('it is ERR_LOCK_CONFLICT under another name of the file', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'real'));
    symlinkSync('real', join(folder, 'linked-folder'));
    symlinkSync('real/data', join(folder, 'linked-file'));

    await updateFile(join(folder, 'real', 'data'), async () => {
      for (const name of [join(folder, 'linked-folder', 'data'), join(folder, 'linked-file')]) {
        await expect(surelyFree(lockFile(name, 'shared'))).rejects.toMatchObject(CONFLICT);
      }
      return 'new';
    });
  });

  test('a conflict that is not caught fails the update, and nothing is written', async () => {
    const path = join(temporaryFolder(), 'data');
    await writeFile(path, 'old');
    const update = updateFile(path, async () => {
      await writeFile(path, 'inner');
      return 'new';
    });
    await expect(surelyFree(update)).rejects.toMatchObject(CONFLICT);
    expect(String(await readFile(path))).toBe('old');
  });
});

test('other files may be locked inside an update', async () => {
  const folder = temporaryFolder();
  await updateFile(join(folder, 'data'), async () => {
    await writeFile(join(folder, 'other'), 'content');
    return 'new';
  });
  expect(String(await readFile(join(folder, 'other')))).toBe('content');
});

test('two updates of a file that were started together wait for each other', async () => {
  const path = join(temporaryFolder(), 'data');
  const append = async (old: Buffer | undefined) => {
    await turnOfTheLoop();
    return `${old ?? ''}x`;
  };
  await surelyFree(Promise.all([updateFile(path, append), updateFile(path, append)]));
  expect(String(await readFile(path))).toBe('xx');
});

test('what was started inside an update and outlives it may lock the file', async () => {
  const path = join(temporaryFolder(), 'data');
  let over = () => {};
  const updateIsOver = new Promise<void>((resolve) => {
    over = resolve;
  });
  let later: Promise<void> | undefined;
  await updateFile(path, () => {
    later = updateIsOver.then(() => updateFile(path, (old) => `${old}, then later`));
    return 'update';
  });
  over();

  await surelyFree(Promise.resolve(later));
  expect(String(await readFile(path))).toBe('update, then later');
});
