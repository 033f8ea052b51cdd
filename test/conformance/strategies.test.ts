import { AsyncResource } from 'node:async_hooks';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { STRATEGY_NAMES } from '../../src/file/index.js';
import { lockFile, readFile, removeFile, updateFile, writeFile } from '../../src/index.js';
import { Actor } from '../helpers/actor.js';
import { openFilesIn } from '../helpers/descriptors.js';
import { temporaryFolder } from '../helpers/folder.js';
import { isStillBlocked, STILL_BLOCKED_MS, surelyFree } from '../helpers/times.js';

const LARGE = 300 * 1024;
/** The async context of nobody's update. */
const aside = new AsyncResource('outside of any update');

describe.each(STRATEGY_NAMES)('strategy %s', (strategy) => {
  const options = { strategy };
  const readersLock = strategy === 'flock' || strategy === 'proper-lockfile';
  let folder: string;
  let path: string;

  beforeEach(() => {
    folder = temporaryFolder();
    path = join(folder, 'data');
  });

  afterEach(() => {
    expect(openFilesIn(folder)).toEqual([]);
    const unexpected = readdirSync(folder).filter((name) => !/^(data|link|target|other)(\.lock)?$/.test(name));
    expect(unexpected).toEqual([]);
  });

  describe('writeFile', () => {
    test.each([0, 1, 4_096, 64 * 1024, 64 * 1024 + 1, LARGE])('makes a file of %d bytes', async (length) => {
      const data = bytes(length);
      await writeFile(path, data, options);
      expect(readFileSync(path).equals(data)).toBe(true);
    });

    test.each([
      [5, LARGE],
      [LARGE, 5],
      [5, 5],
      [5, 0],
      [0, 5],
      [LARGE, LARGE - 1],
    ])('replaces %d bytes by %d', async (before, after) => {
      await writeFile(path, bytes(before), options);
      const data = bytes(after).map((byte) => 255 - byte);
      await writeFile(path, data, options);
      expect(readFileSync(path).equals(data)).toBe(true);
    });

    test('writes strings as UTF-8, and views of a buffer as what they show', async () => {
      await writeFile(path, 'grün', options);
      expect(readFileSync(path, 'utf8')).toBe('grün');
      await writeFile(path, new Uint8Array([1, 2, 3, 4]).subarray(1, 3), options);
      expect(readFileSync(path)).toEqual(Buffer.from([2, 3]));
    });

    test('keeps the mode of a file', async () => {
      writeFileSync(path, 'old');
      chmodSync(path, 0o640);
      await writeFile(path, 'new', options);
      expect(statSync(path).mode & 0o7777).toBe(0o640);
    });

    test('makes a file with 0666 less the umask', async () => {
      await writeFile(path, 'new', options);
      writeFileSync(join(folder, 'other'), '');
      expect(statSync(path).mode).toBe(statSync(join(folder, 'other')).mode);
    });

    test.each(['a new file', 'an old file'])(
      'gives %s the mode that is asked for, whatever the umask',
      async (which) => {
        if (which === 'an old file') writeFileSync(path, 'old');
        const former = process.umask(0o077);
        onTestFinished(() => {
          process.umask(former);
        });
        await writeFile(path, 'new', { ...options, mode: 0o664 });
        expect(statSync(path).mode & 0o7777).toBe(0o664);
      },
    );

    test('with flush writes the same', async () => {
      await writeFile(path, 'new', { ...options, flush: true });
      expect(readFileSync(path, 'utf8')).toBe('new');
    });

    test('follows a symbolic link, which stays one', async () => {
      const target = join(folder, 'target');
      writeFileSync(target, 'old');
      symlinkSync('target', join(folder, 'link'));
      await writeFile(join(folder, 'link'), 'new', options);
      expect(readFileSync(target, 'utf8')).toBe('new');
      expect(lstatSync(join(folder, 'link')).isSymbolicLink()).toBe(true);
    });

    test('makes the file that a symbolic link leads to', async () => {
      symlinkSync('target', join(folder, 'link'));
      await writeFile(join(folder, 'link'), 'new', options);
      expect(readFileSync(join(folder, 'target'), 'utf8')).toBe('new');
      expect(lstatSync(join(folder, 'link')).isSymbolicLink()).toBe(true);
    });

    test('takes a file: URL', async () => {
      await writeFile(pathToFileURL(path), 'new', options);
      expect(readFileSync(path, 'utf8')).toBe('new');
    });

    test('takes a relative path', async () => {
      const former = process.cwd();
      onTestFinished(() => process.chdir(former));
      process.chdir(folder);
      await writeFile(basename(path), 'new', options);
      expect(readFileSync(path, 'utf8')).toBe('new');
    });

    test('rejects with ENOENT where the folder is missing', async () => {
      await expect(writeFile(join(folder, 'none', 'data'), 'new', options)).rejects.toMatchObject({ code: 'ENOENT' });
    });

    test('rejects with ERR_INVALID_ARGUMENT where the path is a directory', async () => {
      mkdirSync(path);
      await expect(writeFile(path, 'new', options)).rejects.toMatchObject({ code: 'ERR_INVALID_ARGUMENT', path });
    });
  });

  describe('readFile', () => {
    test.each([0, 1, 64 * 1024, LARGE])('returns all of %d bytes', async (length) => {
      const data = bytes(length);
      writeFileSync(path, data);
      expect((await readFile(path, options)).equals(data)).toBe(true);
    });

    test('rejects with ENOENT where there is no file, and makes no sidecar', async () => {
      await expect(readFile(path, options)).rejects.toMatchObject({ code: 'ENOENT', path });
      expect(readdirSync(folder)).toEqual([]);
    });

    test('rejects with ERR_INVALID_ARGUMENT where the path is a directory', async () => {
      mkdirSync(path);
      await expect(readFile(path, options)).rejects.toMatchObject({ code: 'ERR_INVALID_ARGUMENT', path });
    });

    test(`waits for ${readersLock ? 'a writer' : 'nobody'}`, async () => {
      writeFileSync(path, 'old');
      const lock = await lockFile(path, 'exclusive', options);
      const reading = readFile(path, options);
      if (readersLock) expect(await isStillBlocked(reading)).toBe(true);
      else await surelyFree(reading);
      await lock.release();
      expect(String(await surelyFree(reading))).toBe('old');
    });

    test('sees the old content until an update is over', async () => {
      await writeFile(path, 'old', options);
      let reading: Promise<Buffer> | undefined;
      await updateFile(
        path,
        async () => {
          reading = readAside(path, options);
          if (!readersLock) expect(String(await reading)).toBe('old');
          return 'new';
        },
        options,
      );
      expect(String(await reading)).toBe(readersLock ? 'new' : 'old');
    });
  });

  describe('updateFile', () => {
    test('is given undefined where there is no file, and makes it', async () => {
      await updateFile(path, (old) => `was ${old}`, options);
      expect(readFileSync(path, 'utf8')).toBe('was undefined');
    });

    test('is given the old content, and writes the new', async () => {
      writeFileSync(path, 'old');
      await updateFile(path, (old) => `${old} and new`, options);
      expect(readFileSync(path, 'utf8')).toBe('old and new');
    });

    test('waits for a promise of the new content', async () => {
      writeFileSync(path, 'old');
      await updateFile(path, async (old) => turnOfTheLoop(`${old}, later`), options);
      expect(readFileSync(path, 'utf8')).toBe('old, later');
    });

    test.each([
      [LARGE, 3],
      [3, LARGE],
    ])('changes %d bytes to %d', async (before, after) => {
      writeFileSync(path, bytes(before));
      await updateFile(path, (old) => Buffer.concat([bytes(after)]).fill(old?.length === before ? 1 : 0), options);
      expect(readFileSync(path).equals(Buffer.alloc(after, 1))).toBe(true);
    });

    test('removes the file where the change is undefined', async () => {
      writeFileSync(path, 'old');
      await updateFile(path, () => undefined, options);
      expect(readdirSync(folder)).not.toContain('data');
    });

    test('leaves a missing file missing where the change is undefined', async () => {
      await updateFile(path, () => undefined, options);
      expect(readdirSync(folder)).not.toContain('data');
    });

    test.each([
      ['throws', () => Promise.reject(new Error('no'))],
      ['returns what is no data', () => 7 as unknown as string],
    ])('writes nothing where the change %s, and lets go of the lock', async (_, change) => {
      writeFileSync(path, 'old');
      await expect(updateFile(path, change, options)).rejects.toThrow();
      expect(readFileSync(path, 'utf8')).toBe('old');
      await (await surelyFree(lockFile(path, 'exclusive', options))).release();
    });

    test('loses none of 50 updates that were started together', async () => {
      const increment = async (old: Buffer | undefined) => turnOfTheLoop(String(Number(old ?? 0) + 1));
      await surelyFree(Promise.all(Array.from({ length: 50 }, () => updateFile(path, increment, options))));
      expect(readFileSync(path, 'utf8')).toBe('50');
    });

    test('inside an update of the same file is ERR_LOCK_CONFLICT at once', async () => {
      await updateFile(
        path,
        async () => {
          const inner = updateFile(path, () => 'inner', options);
          await expect(surelyFree(inner)).rejects.toMatchObject({ code: 'ERR_LOCK_CONFLICT', path });
          return 'outer';
        },
        options,
      );
      expect(readFileSync(path, 'utf8')).toBe('outer');
    });
  });

  describe('removeFile', () => {
    test('removes a file and says so', async () => {
      writeFileSync(path, 'old');
      expect(await removeFile(path, options)).toBe(true);
      expect(readdirSync(folder)).not.toContain('data');
    });

    test('says that there was none', async () => {
      expect(await removeFile(path, options)).toBe(false);
    });

    test('waits for a reader that holds the lock', async () => {
      writeFileSync(path, 'old');
      const lock = await lockFile(path, 'shared', options);
      const removing = removeFile(path, options);
      expect(await isStillBlocked(removing)).toBe(true);
      expect(readFileSync(path, 'utf8')).toBe('old');
      await lock.release();
      expect(await surelyFree(removing)).toBe(true);
    });
  });

  describe('lockFile', () => {
    test('holds writers of another process off', async () => {
      writeFileSync(path, 'old');
      const other = await Actor.forTest();
      const lock = await lockFile(path, 'exclusive', options);
      const writing = other.main.writeFile(path, 'new', options);
      expect(await isStillBlocked(writing)).toBe(true);
      expect(readFileSync(path, 'utf8')).toBe('old');

      await lock.release();
      await surelyFree(writing);
      expect(readFileSync(path, 'utf8')).toBe('new');
    });

    test('times out with ERR_LOCK_TIMEOUT', async () => {
      await using lock = await lockFile(path, 'exclusive', options);
      const waiting = lockFile(lock.path, 'exclusive', { ...options, timeout: STILL_BLOCKED_MS });
      await expect(surelyFree(waiting)).rejects.toMatchObject({ code: 'ERR_LOCK_TIMEOUT', path });
    });

    test('is aborted with the reason of the signal', async () => {
      await using lock = await lockFile(path, 'exclusive', options);
      const abort = new AbortController();
      const waiting = lockFile(lock.path, 'exclusive', { ...options, signal: abort.signal });
      expect(await isStillBlocked(waiting)).toBe(true);
      const reason = new Error('changed my mind');
      abort.abort(reason);
      await expect(surelyFree(waiting)).rejects.toBe(reason);
    });

    test('tells its path and mode, and is released any number of times', async () => {
      const lock = await lockFile(path, 'exclusive', options);
      expect(lock).toMatchObject({ path, mode: 'exclusive' });
      await lock.release();
      await lock.release();
      await (await surelyFree(lockFile(path, 'exclusive', options))).release();
    });

    test('rejects with ENOENT where the folder is missing', async () => {
      const missing = join(folder, 'none', 'data');
      await expect(lockFile(missing, 'exclusive', options)).rejects.toMatchObject({ code: 'ENOENT' });
    });
  });
});

function bytes(length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, index) => index % 251));
}

/** A reading that is no part of the update it is called in. */
function readAside(path: string, options: Parameters<typeof readFile>[1]): Promise<Buffer> {
  return aside.runInAsyncScope(() => readFile(path, options));
}
