import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { lockFile, tryLockFile } from '../../src/index.js';
import { Actor } from '../helpers/actor.js';
import { openFilesIn } from '../helpers/descriptors.js';
import { temporaryFolder } from '../helpers/folder.js';
import { mountTmpfs, remount } from '../helpers/mount.js';
import { needs } from '../helpers/needs.js';
import { eventually, isStillBlocked, surelyFree } from '../helpers/times.js';

describe('the sidecar', () => {
  test('is made beside the data file, which need not exist, and stays', async () => {
    const folder = temporaryFolder();
    const lock = await lockFile(join(folder, 'data'), 'exclusive');
    await lock.release();
    expect(readdirSync(folder)).toEqual(['data.lock']);
  });

  test('stands where a file: URL says', async () => {
    const folder = temporaryFolder();
    await (await lockFile(pathToFileURL(join(folder, 'a b%')), 'exclusive')).release();
    expect(readdirSync(folder)).toEqual(['a b%.lock']);
  });

  test.each([0o600, 0o640, 0o666])('gets the mode of the data file (%o), whatever the umask', async (mode) => {
    const path = join(temporaryFolder(), 'data');
    writeFileSync(path, '');
    chmodSync(path, mode);
    await (await lockFile(path, 'exclusive')).release();
    expect(statSync(`${path}.lock`).mode & 0o7777).toBe(mode);
  });

  test.skipIf(!needs('root'))("gets the data file's owner", async () => {
    const path = join(temporaryFolder(), 'data');
    writeFileSync(path, '');
    chownSync(path, 1234, 5678);
    await (await lockFile(path, 'exclusive')).release();
    expect(statSync(`${path}.lock`)).toMatchObject({ uid: 1234, gid: 5678 });
  });

  test('keeps a mode of its own where it stands already', async () => {
    const path = join(temporaryFolder(), 'data');
    writeFileSync(path, '');
    writeFileSync(`${path}.lock`, '');
    chmodSync(`${path}.lock`, 0o604);
    await (await lockFile(path, 'exclusive')).release();
    expect(statSync(`${path}.lock`).mode & 0o7777).toBe(0o604);
  });

  test('of a symbolic link is that of the file it leads to', async () => {
    const folder = temporaryFolder();
    const [target, link] = [join(folder, 'target'), join(folder, 'link')];
    symlinkSync('target', link);
    const lock = await lockFile(link, 'exclusive');

    expect(lock.path).toBe(target);
    expect(tryLockFile(target, 'shared')).toBeUndefined();
    expect(existsSync(`${link}.lock`)).toBe(false);
    await lock.release();
  });

  test.skipIf(!needs('tmpfs'))('serves in a folder that is read-only', async () => {
    const folder = mountTmpfs('size=64k');
    const path = join(folder, 'data');
    writeFileSync(path, '');
    writeFileSync(`${path}.lock`, '');
    remount(folder, 'ro');
    const lock = await lockFile(path, 'exclusive');

    const other = await Actor.forTest();
    const { granted } = await other.main.ask(path, 'exclusive');
    expect(await isStillBlocked(granted)).toBe(true);
    await lock.release();
    await (await surelyFree(granted)).release();
  });
});

describe('a sidecar that is replaced', () => {
  test('while somebody waits for it: the waiter starts over on the new one', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'data');
    const [first, second] = [await Actor.forTest(), await Actor.forTest()];
    const onOld = await first.main.lock(path, 'exclusive');
    const waiting = lockFile(path, 'exclusive');
    await eventually(() => existsSync(`${path}.lock.next`));

    unlinkSync(`${path}.lock`);
    const onNew = await surelyFree(second.main.lock(path, 'exclusive'));
    await onOld.release();
    await eventually(() => openFilesIn(folder).includes(`${path}.lock`));
    expect(await isStillBlocked(waiting)).toBe(true);

    await onNew.release();
    await (await surelyFree(waiting)).release();
  });

  test('while somebody holds it: who comes later locks the new one', async () => {
    const path = join(temporaryFolder(), 'data');
    const other = await Actor.forTest();
    const old = await other.main.lock(path, 'exclusive');
    unlinkSync(`${path}.lock`);

    const lock = await surelyFree(lockFile(path, 'exclusive'));
    expect(await other.main.tryLock(path, 'shared')).toBeUndefined();
    await lock.release();
    await old.release();
  });
});

describe('lockFile is refused', () => {
  test('with ENOENT where the folder is missing', async () => {
    const path = join(temporaryFolder(), 'missing', 'data');
    await expect(lockFile(path, 'exclusive')).rejects.toMatchObject({ code: 'ENOENT' });
    expect(() => tryLockFile(path, 'exclusive')).toThrow(expect.objectContaining({ code: 'ENOENT' }));
  });

  test('with ENOTDIR where the folder is a file', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'file'), '');
    await expect(lockFile(join(folder, 'file', 'data'), 'shared')).rejects.toMatchObject({ code: 'ENOTDIR' });
  });

  test('with ELOOP where symbolic links lead in a circle', async () => {
    const folder = temporaryFolder();
    symlinkSync('b', join(folder, 'a'));
    symlinkSync('a', join(folder, 'b'));
    await expect(lockFile(join(folder, 'a'), 'shared')).rejects.toMatchObject({ code: 'ELOOP' });
  });

  test.skipIf(!needs('tmpfs'))('with EROFS where the sidecar is missing and the folder read-only', async () => {
    const folder = mountTmpfs('size=64k');
    writeFileSync(join(folder, 'data'), '');
    remount(folder, 'ro');
    await expect(lockFile(join(folder, 'data'), 'shared')).rejects.toMatchObject({ code: 'EROFS' });
  });

  test('with ERR_INVALID_ARGUMENT where the path is a directory', async () => {
    const path = join(temporaryFolder(), 'data');
    mkdirSync(path);
    await expect(lockFile(path, 'exclusive')).rejects.toMatchObject({ code: 'ERR_INVALID_ARGUMENT', path });
  });

  test('with ERR_INVALID_ARGUMENT where the path is a FIFO', async () => {
    const path = join(temporaryFolder(), 'data');
    execFileSync('mkfifo', [path]);
    await expect(lockFile(path, 'exclusive')).rejects.toMatchObject({ code: 'ERR_INVALID_ARGUMENT', path });
  });

  const squatters: [what: string, make: (sidecar: string) => void][] = [
    ['a directory (proper-lockfile was here)', mkdirSync],
    ['a symbolic link to a file', (sidecar) => makeLink(sidecar, 'elsewhere')],
    ['a symbolic link to nothing', (sidecar) => symlinkSync('nothing', sidecar)],
    ['a FIFO', (sidecar) => execFileSync('mkfifo', [sidecar])],
  ];

  test.each(squatters)('with ERR_LOCK_CONFLICT where the sidecar is %s', async (_, make) => {
    const folder = temporaryFolder();
    const path = join(folder, 'data');
    make(`${path}.lock`);
    const before = lstatSync(`${path}.lock`);

    const refusal = { code: 'ERR_LOCK_CONFLICT', path: `${path}.lock` };
    await expect(lockFile(path, 'shared')).rejects.toMatchObject(refusal);
    await expect(lockFile(path, 'exclusive')).rejects.toMatchObject(refusal);
    expect(() => tryLockFile(path, 'exclusive')).toThrow(expect.objectContaining(refusal));

    expect(lstatSync(`${path}.lock`)).toMatchObject({ ino: before.ino, mode: before.mode });
    expect(openFilesIn(folder)).toEqual([]);
  });

  const wrong: [what: string, call: (path: string) => Promise<unknown>][] = [
    ['an empty path', () => lockFile('', 'shared')],
    ['a path that is no string', () => lockFile(7 as unknown as string, 'shared')],
    ['a path with a NUL', (path) => lockFile(`${path}\0`, 'shared')],
    ['a URL that is not of a file', () => lockFile(new URL('http://localhost/data'), 'shared')],
    ['an unknown mode', (path) => lockFile(path, 'both' as 'shared')],
    ['no mode', (path) => lockFile(path, undefined as unknown as 'shared')],
    ['a negative timeout', (path) => lockFile(path, 'shared', { timeout: -1 })],
    ['a timeout that is no number', (path) => lockFile(path, 'shared', { timeout: Number.NaN })],
    ['a timeout in words', (path) => lockFile(path, 'shared', { timeout: '1s' as unknown as number })],
    ['a signal that is none', (path) => lockFile(path, 'shared', { signal: {} as AbortSignal })],
    ['an unknown option', (path) => lockFile(path, 'shared', { timeOut: 1 } as object)],
    ['options that are no object', (path) => lockFile(path, 'shared', null as unknown as object)],
    ['an unknown strategy', (path) => lockFile(path, 'shared', { strategy: 'naive' as 'flock' })],
  ];

  test.each(wrong)('with ERR_INVALID_ARGUMENT for %s, before anything is made', async (_, call) => {
    const folder = temporaryFolder();
    await expect(call(join(folder, 'data'))).rejects.toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
    expect(readdirSync(folder)).toEqual([]);
  });
});

function makeLink(sidecar: string, target: string): void {
  writeFileSync(join(sidecar, '..', target), '');
  symlinkSync(target, sidecar);
}
