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

describe('updates of which each waits for the other', () => {
  test.each(['flock', 'proper-lockfile'] as const)('are ERR_LOCK_CONFLICT at once, %s', async (strategy) => {
    const folder = temporaryFolder();
    const [one, other] = [join(folder, 'one'), join(folder, 'other')];
    for (const path of [one, other]) await writeFile(path, 'old', { strategy });
    let begun = 0;
    let reach = () => {};
    const both = new Promise<void>((resolve) => {
      reach = resolve;
    });
    const crossing = (path: string, next: string) =>
      updateFile(
        path,
        async () => {
          begun += 1;
          if (begun === 2) reach();
          await both;
          await updateFile(next, () => 'new', { strategy });
          return 'new';
        },
        { strategy },
      );
    const outcomes = await surelyFree(Promise.allSettled([crossing(one, other), crossing(other, one)]));
    const codes = outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason.code : 'fulfilled'));
    // The later one is told; the earlier one goes on, unless the later one was what it waited for and failed with it.
    expect(codes.sort()).toEqual(['ERR_LOCK_CONFLICT', 'fulfilled']);
    await surelyFree(updateFile(one, () => 'again', { strategy }));
  });

  test('a try, which waits for nobody, is told that the lock is taken', async () => {
    const folder = temporaryFolder();
    const [one, other] = [join(folder, 'one'), join(folder, 'other')];
    let wanted = () => {};
    const otherIsWanted = new Promise<void>((resolve) => {
      wanted = resolve;
    });
    let begun = () => {};
    const otherHasBegun = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const second = updateFile(other, async () => {
      begun();
      await otherIsWanted;
      expect(tryLockFile(one, 'exclusive')).toBeUndefined();
      return 'new';
    });
    await otherHasBegun;
    await surelyFree(
      updateFile(one, async () => {
        const waiting = updateFile(other, () => 'later');
        wanted();
        await waiting;
        return 'new';
      }),
    );
    await second;
  });
});

test('300 waits that share a signal warn of no leak', async () => {
  const path = join(temporaryFolder(), 'data');
  const warnings: string[] = [];
  const listen = (warning: Error) => warnings.push(warning.name);
  process.on('warning', listen);
  const abort = new AbortController();
  const lock = await lockFile(path, 'exclusive');
  const waits = Array.from({ length: 300 }, () => lockFile(path, 'exclusive', { signal: abort.signal }));
  abort.abort(new Error('enough'));
  const outcomes = await surelyFree(Promise.allSettled(waits));
  expect(new Set(outcomes.map((outcome) => outcome.status))).toEqual(new Set(['rejected']));
  await lock.release();
  await turnOfTheLoop();
  process.off('warning', listen);
  expect(warnings).toEqual([]);
});
