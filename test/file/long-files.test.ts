import { constants } from 'node:buffer';
import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { mapFile, readFile, updateFile, writeFile } from '../../src/index.js';
import { replaceSyscalls, syscalls } from '../../src/os/syscalls.js';
import { openFilesIn } from '../helpers/descriptors.js';
import { temporaryFolder } from '../helpers/folder.js';
import { endOf, LONG, makeSparse, passingOver } from '../helpers/long-files.js';
import { needs } from '../helpers/needs.js';

const END = 'the end';

function place(): string {
  const folder = temporaryFolder();
  onTestFinished(() => expect(openFilesIn(folder)).toEqual([]));
  return `${folder}/data`;
}

describe.each(['flock', 'rename', 'proper-lockfile'] as const)('files of more than 2 GiB, strategy %s', (strategy) => {
  test('are read to their last byte', async () => {
    const path = place();
    makeSparse(path, LONG, END);
    passingOver(LONG);
    const content = await readFile(path, { strategy });
    expect(content.length).toBe(LONG);
    expect(content.subarray(-END.length).toString()).toBe(END);
  });

  test('are written to their last byte, new ones and over a file that is there', async () => {
    const path = place();
    passingOver(LONG);
    const data = Buffer.allocUnsafeSlow(LONG);
    data.set(Buffer.from(END), LONG - END.length);
    await writeFile(path, data, { strategy });
    expect(endOf(path, END.length)).toEqual([LONG, END]);
    truncateSync(path, LONG - 3);
    await writeFile(path, data, { strategy });
    expect(endOf(path, END.length)).toEqual([LONG, END]);
  });

  test('come through an update whole', async () => {
    const path = place();
    makeSparse(path, LONG, END);
    passingOver(LONG);
    await updateFile(path, (old) => old, { strategy });
    expect(endOf(path, END.length)).toEqual([LONG, END]);
    await updateFile(path, (old) => old?.subarray(0, 7), { strategy });
    expect(statSync(path).size).toBe(7);
  });
});

test('a single write of write-file-atomic cannot hold more than 2 GiB, which is refused before it is made', async () => {
  const path = place();
  writeFileSync(path, 'old');
  const refused = writeFile(path, Buffer.allocUnsafeSlow(0x7ffff001), { strategy: 'write-file-atomic' });
  await expect(refused).rejects.toMatchObject({ code: 'ERR_VALUE_TOO_LARGE', path });
  expect(readFileSync(path, 'utf8')).toBe('old');
});

/** Of more bytes than a Buffer of Node 20 can hold, and than any machine has memory for. */
const LONGEST_FILE = 2 ** 43;

describe('a file that no Buffer can hold', () => {
  test.each(['flock', 'rename'] as const)(
    'is ERR_VALUE_TOO_LARGE to read and to update, strategy %s',
    async (strategy) => {
      const path = place();
      makeSparse(path, LONGEST_FILE, END);
      const tooLarge = { code: 'ERR_VALUE_TOO_LARGE', path, message: expect.stringContaining(String(LONGEST_FILE)) };
      await expect(readFile(path, { strategy })).rejects.toMatchObject(tooLarge);
      let changes = 0;
      const change = (old: Buffer | undefined) => {
        changes += 1;
        return old;
      };
      await expect(updateFile(path, change, { strategy })).rejects.toMatchObject(tooLarge);
      expect(changes).toBe(0);
      expect(endOf(path, END.length)).toEqual([LONGEST_FILE, END]);
    },
  );

  test.skipIf(!needs('koffi') || constants.MAX_LENGTH > 2 ** 33)(
    'is ERR_VALUE_TOO_LARGE to map, and no abort',
    async () => {
      const path = place();
      makeSparse(path, constants.MAX_LENGTH + 1, END);
      await expect(mapFile(path)).rejects.toMatchObject({ code: 'ERR_VALUE_TOO_LARGE', path });
    },
  );
});

test.skipIf(!needs('koffi'))('a mapping of more than 2 GiB has its last byte', async () => {
  const path = place();
  makeSparse(path, LONG, END);
  await using mapped = await mapFile(path);
  expect(mapped.bytes.length).toBe(LONG);
  expect(mapped.bytes.subarray(-END.length).toString()).toBe(END);
});

describe('fewer bytes than promised', () => {
  test.each(['flock', 'rename'] as const)(
    'are an error of reading, never a short content, strategy %s',
    async (strategy) => {
      const path = place();
      writeFileSync(path, Buffer.alloc(200_000, 1));
      const { readAsync } = syscalls;
      const restore = replaceSyscalls({
        readAsync: (...args) => {
          // Somebody who takes no lock, when the length is known.
          truncateSync(path, 100_000);
          return readAsync(...args);
        },
      });
      onTestFinished(restore);
      await expect(readFile(path, { strategy })).rejects.toMatchObject({ code: 'EIO', syscall: 'read' });
    },
  );
});

describe('a file without a length', () => {
  test.skipIf(process.platform !== 'linux')(
    'as those of /proc is read until its end, a short one and a long one',
    async () => {
      const short = await readFile('/proc/self/status', { strategy: 'rename' });
      expect(short.toString()).toContain(`Pid:\t${process.pid}`);
      const path = '/proc/kallsyms';
      const long = await readFile(path, { strategy: 'rename' });
      expect(statSync(path).size).toBe(0);
      expect(long.length).toBe(readFileSync(path).length);
      expect(long.length).toBeGreaterThan(2 * 1024 * 1024);
    },
  );
});
