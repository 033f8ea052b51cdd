import { constants } from 'node:buffer';
import { closeSync, ftruncateSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { LONGEST_TRANSFER, replaceSyscalls, syscalls } from '../../src/os/syscalls.js';
import { assertAll, bufferFor, readFully, readFullyAsync, writeFully, writeFullyAsync } from '../../src/os/transfer.js';
import { temporaryFolder } from '../helpers/folder.js';
import { endOf, makeSparse } from '../helpers/long-files.js';

const BEYOND_32_BITS = [2 ** 31, 2 ** 32 + 5].filter((length) => length <= constants.MAX_LENGTH);

function opened(path: string, flags: string): number {
  const fd = openSync(path, flags);
  onTestFinished(() => closeSync(fd));
  return fd;
}

describe('a single transfer is never of more bytes than a system call can move', () => {
  test.each(BEYOND_32_BITS)('asked for %d bytes', async (length) => {
    const path = `${temporaryFolder()}/file`;
    makeSparse(path, length, 'end');
    const fd = opened(path, 'r');
    const bytes = Buffer.allocUnsafeSlow(length);
    expect(syscalls.read(fd, bytes, 0, length, 0)).toBe(LONGEST_TRANSFER);
    expect(await syscalls.readAsync(fd, bytes, 0, length, 0)).toBe(LONGEST_TRANSFER);
    const nowhere = opened('/dev/null', 'w');
    expect(syscalls.write(nowhere, bytes, 0, length, 0)).toBe(LONGEST_TRANSFER);
    expect(await syscalls.writeAsync(nowhere, bytes, 0, length, 0)).toBe(LONGEST_TRANSFER);
  });
});

describe('a transfer of many calls', () => {
  test('moves every byte, at any offset and place, also beyond 4 GiB', async () => {
    const path = `${temporaryFolder()}/file`;
    const fd = opened(path, 'w+');
    const place = 2 ** 32 + 77;
    const text = Buffer.from('..abcdefgh..');
    oneByteACall();
    writeFully(fd, text, place, 2, 6);
    await writeFullyAsync(fd, text, place + 4, 6, 10);
    expect(endOf(path, 8)).toEqual([place + 8, 'abcdefgh']);
    const bytes = Buffer.alloc(12, '.');
    expect(readFully(fd, bytes, place, 2, 6)).toBe(4);
    expect(await readFullyAsync(fd, bytes, place + 4, 6, 12)).toBe(4);
    expect(bytes.toString()).toBe('..abcdefgh..');
  });

  test('of none is no call', async () => {
    const restore = replaceSyscalls({ read: never, write: never, readAsync: never, writeAsync: never });
    onTestFinished(restore);
    const bytes = Buffer.alloc(3);
    expect(readFully(-1, bytes, 0, 3)).toBe(0);
    expect(await readFullyAsync(-1, bytes, 0, 1, 1)).toBe(0);
    writeFully(-1, bytes, 0, 3);
    await writeFullyAsync(-1, bytes, 0, 2, 2);
  });

  test('that is given nothing to write for ever is EIO', async () => {
    const restore = replaceSyscalls({ write: () => 0, writeAsync: async () => 0 });
    onTestFinished(restore);
    expect(() => writeFully(-1, Buffer.alloc(3), 0)).toThrow(expect.objectContaining({ code: 'EIO' }));
    await expect(writeFullyAsync(-1, Buffer.alloc(3), 0)).rejects.toMatchObject({ code: 'EIO', syscall: 'write' });
  });
});

test('fewer bytes than promised are EIO, and say how many', () => {
  assertAll(5, 5);
  expect(() => assertAll(4, 5)).toThrow(expect.objectContaining({ code: 'EIO', syscall: 'read' }));
  expect(() => assertAll(4, 5)).toThrow('after 4 of 5 bytes');
});

test('more than a Buffer can hold, or than there is memory, is ERR_VALUE_TOO_LARGE, and says how long it was', () => {
  expect(bufferFor(5).length).toBe(5);
  const tooLong = expect.objectContaining({ code: 'ERR_VALUE_TOO_LARGE', path: '/a/file' });
  // 2^47 is more than the processor can address, 2^60 than any Buffer is long.
  for (const length of [2 ** 47, 2 ** 60]) {
    expect(() => bufferFor(length, '/a/file')).toThrow(tooLong);
    expect(() => bufferFor(length)).toThrow(String(length));
  }
});

test('ftruncate takes lengths beyond 4 GiB', () => {
  const path = `${temporaryFolder()}/file`;
  writeFileSync(path, 'abc');
  const fd = opened(path, 'r+');
  syscalls.ftruncate(fd, 2 ** 32 + 2);
  expect(syscalls.fstat(fd).size).toBe(2 ** 32 + 2);
  ftruncateSync(fd, 2);
  expect(readFileSync(path, 'utf8')).toBe('ab');
});

function never(): never {
  throw new Error('a call was made');
}

/** Reads and writes stop short after one byte. */
function oneByteACall(): void {
  const { read, write, readAsync, writeAsync } = syscalls;
  const restore = replaceSyscalls({
    read: (fd, buffer, offset, _length, position) => read(fd, buffer, offset, 1, position),
    write: (fd, buffer, offset, _length, position) => write(fd, buffer, offset, 1, position),
    readAsync: (fd, buffer, offset, _length, position) => readAsync(fd, buffer, offset, 1, position),
    writeAsync: (fd, buffer, offset, _length, position) => writeAsync(fd, buffer, offset, 1, position),
  });
  onTestFinished(restore);
}
