import { chmodSync, chownSync, closeSync, openSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { replaceAtomically } from '../../src/file/index.js';
import { replaceSyscalls, syscalls } from '../../src/os/syscalls.js';
import { temporaryFolder } from '../helpers/folder.js';
import { needs } from '../helpers/needs.js';

const PLAIN = { mode: undefined, flush: false };

describe('replaceAtomically', () => {
  test('gives whoever has the old version open the old version, whole', async () => {
    const path = join(temporaryFolder(), 'data');
    writeFileSync(path, 'old content');
    const fd = openSync(path, 'r');
    await replaceAtomically(path, Buffer.from('new'), PLAIN);

    expect(readFileSync(fd, 'utf8')).toBe('old content');
    expect(readFileSync(path, 'utf8')).toBe('new');
    closeSync(fd);
  });

  test('leaves no other file in the folder', async () => {
    const folder = temporaryFolder();
    await replaceAtomically(join(folder, 'data'), Buffer.from('new'), PLAIN);
    expect(readdirSync(folder)).toEqual(['data']);
  });

  test.each([0o600, 0o644, 0o4755])('keeps the mode of the file (%o), whatever the umask', async (mode) => {
    const path = join(temporaryFolder(), 'data');
    writeFileSync(path, 'old');
    chmodSync(path, mode);
    await replaceAtomically(path, Buffer.from('new'), PLAIN);
    expect(statSync(path).mode & 0o7777).toBe(mode);
  });

  test('gives the mode that is asked for, whatever the umask', async () => {
    const path = join(temporaryFolder(), 'data');
    await replaceAtomically(path, Buffer.from('new'), { mode: 0o666, flush: false });
    expect(statSync(path).mode & 0o7777).toBe(0o666);
  });

  test.skipIf(!needs('root'))('keeps the owner of the file', async () => {
    const path = join(temporaryFolder(), 'data');
    writeFileSync(path, 'old');
    chownSync(path, 1234, 5678);
    await replaceAtomically(path, Buffer.from('new'), PLAIN);
    expect(statSync(path)).toMatchObject({ uid: 1234, gid: 5678 });
  });

  test.each([10, 200 * 1024])('goes on after every short write (%d bytes)', async (length) => {
    const path = join(temporaryFolder(), 'data');
    const data = Buffer.from(Array.from({ length }, (_, index) => index));
    const { write, writeAsync } = syscalls;
    let writes = 0;
    const shortened = (size: number) => {
      writes += 1;
      return Math.ceil(size / 2);
    };
    replaceForThisTest({
      write: (fd, buffer, offset, size, position) => write(fd, buffer, offset, shortened(size), position),
      writeAsync: (fd, buffer, offset, size, position) => writeAsync(fd, buffer, offset, shortened(size), position),
    });

    await replaceAtomically(path, data, PLAIN);

    expect(readFileSync(path).equals(data)).toBe(true);
    expect(writes).toBeGreaterThan(3);
  });

  test('rejects, instead of trying for ever, where nothing can be written any more', async () => {
    const folder = temporaryFolder();
    replaceForThisTest({ write: () => 0 });
    const replaced = replaceAtomically(join(folder, 'data'), Buffer.from('new'), PLAIN);
    await expect(replaced).rejects.toMatchObject({ code: 'EIO' });
    expect(readdirSync(folder)).toEqual([]);
  });

  test('with flush: writes, syncs the file, renames, then syncs the folder', async () => {
    const folder = temporaryFolder();
    const calls = recordCalls();
    await replaceAtomically(join(folder, 'data'), Buffer.from('new'), { mode: undefined, flush: true });
    expect(calls).toEqual(['write', 'fsync of a file', 'rename', 'fsync of a folder']);
  });

  test('without flush: syncs nothing', async () => {
    const calls = recordCalls();
    await replaceAtomically(join(temporaryFolder(), 'data'), Buffer.from('new'), PLAIN);
    expect(calls).toEqual(['write', 'rename']);
  });

  test('never uses one temporary name twice, nor one that can be guessed', async () => {
    const names = new Set<string>();
    const { rename } = syscalls;
    replaceForThisTest({
      rename: (from, to) => {
        names.add(from);
        rename(from, to);
      },
    });
    const path = join(temporaryFolder(), 'data');
    for (let round = 0; round < 100; round += 1) await replaceAtomically(path, Buffer.from('new'), PLAIN);
    expect(names.size).toBe(100);
    const random = [...names].map((name) => /^\.holdfast-([0-9a-f]{24})\.tmp$/.exec(basename(name))?.[1] ?? '');
    // Every digit varies: no part of a name is the process, the time or a counter.
    for (let digit = 0; digit < 24; digit += 1) {
      expect(new Set(random.map((name) => name[digit])).size).toBeGreaterThan(5);
    }
  });
});

function replaceForThisTest(replacements: Partial<typeof syscalls>): void {
  onTestFinished(replaceSyscalls(replacements));
}

/** The calls that make a version durable and visible, as they come. */
function recordCalls(): string[] {
  const calls: string[] = [];
  const { write, rename, fsyncAsync } = syscalls;
  replaceForThisTest({
    write: (...args) => {
      calls.push('write');
      return write(...args);
    },
    rename: (...args) => {
      calls.push('rename');
      rename(...args);
    },
    fsyncAsync: (fd) => {
      calls.push(`fsync of a ${syscalls.fstat(fd).isDirectory() ? 'folder' : 'file'}`);
      return fsyncAsync(fd);
    },
  });
  return calls;
}
