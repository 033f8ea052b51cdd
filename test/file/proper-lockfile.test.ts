import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { lockFile, readFile, removeFile, updateFile, writeFile } from '../../src/index.js';
import { temporaryFolder } from '../helpers/folder.js';
import { run } from '../helpers/run.js';
import { isStillBlocked, STILL_BLOCKED_MS, surelyFree } from '../helpers/times.js';

const STRATEGY = { strategy: 'proper-lockfile' } as const;

describe('a lock of proper-lockfile that is lost while held', () => {
  test.each([
    ['removed', ['data']],
    ['taken over', ['data', 'data.lock']],
  ])('(%s) rejects with ERR_LOCK_CONFLICT, writes nothing, and throws out of no timer', async (how, left) => {
    const path = join(temporaryFolder(), 'data');
    const { stdout, stderr, exitCode } = await run('compromised.mjs', [path, how]).ended;

    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
    expect(JSON.parse(stdout)).toEqual({
      release: 'ERR_LOCK_CONFLICT',
      update: 'ERR_LOCK_CONFLICT',
      left,
      content: 'old',
      next: 'fulfilled',
    });
  });
});

describe('the two kinds of sidecar', () => {
  test('a file, where proper-lockfile needs a directory, is ERR_LOCK_CONFLICT', async () => {
    const path = join(temporaryFolder(), 'data');
    await writeFile(path, 'content');
    const refusal = { code: 'ERR_LOCK_CONFLICT', path: `${path}.lock` };

    await expect(lockFile(path, 'exclusive', STRATEGY)).rejects.toMatchObject(refusal);
    await expect(readFile(path, STRATEGY)).rejects.toMatchObject(refusal);
    await expect(writeFile(path, 'new', STRATEGY)).rejects.toMatchObject(refusal);
    await expect(updateFile(path, () => 'new', STRATEGY)).rejects.toMatchObject(refusal);
    await expect(removeFile(path, STRATEGY)).rejects.toMatchObject(refusal);
    expect(readFileSync(path, 'utf8')).toBe('content');
  });

  test('a directory, where the other strategies need a file, is ERR_LOCK_CONFLICT', async () => {
    const path = join(temporaryFolder(), 'data');
    writeFileSync(path, 'content');
    const lock = await lockFile(path, 'exclusive', STRATEGY);
    const refusal = { code: 'ERR_LOCK_CONFLICT', path: `${path}.lock` };

    for (const strategy of ['flock', 'rename', 'write-file-atomic'] as const) {
      await expect(writeFile(path, 'new', { strategy })).rejects.toMatchObject(refusal);
    }
    await expect(readFile(path)).rejects.toMatchObject(refusal);
    await lock.release();
    expect(readFileSync(path, 'utf8')).toBe('content');
  });
});

describe('a lock of proper-lockfile', () => {
  test('is a directory beside the file while it is held', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'data');
    const lock = await lockFile(path, 'shared', STRATEGY);
    expect(readdirSync(`${path}.lock`)).toEqual([]);
    await lock.release();
    expect(readdirSync(folder)).toEqual([]);
  });

  test('has no shared mode: shared excludes shared', async () => {
    const path = join(temporaryFolder(), 'data');
    const lock = await lockFile(path, 'shared', STRATEGY);
    const other = lockFile(path, 'shared', STRATEGY);
    expect(await isStillBlocked(other)).toBe(true);
    await lock.release();
    await (await surelyFree(other)).release();
  });

  test('that somebody holds for too long is ERR_LOCK_TIMEOUT, and stays his', async () => {
    const path = join(temporaryFolder(), 'data');
    mkdirSync(`${path}.lock`);
    const waiting = lockFile(path, 'exclusive', { ...STRATEGY, timeout: STILL_BLOCKED_MS });
    await expect(surelyFree(waiting)).rejects.toMatchObject({ code: 'ERR_LOCK_TIMEOUT', path });
    expect(existsSync(`${path}.lock`)).toBe(true);
  });
});
