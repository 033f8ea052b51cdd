import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { mapFile, writeFile } from '../../src/index.js';
import { openFilesIn } from '../helpers/descriptors.js';
import { temporaryFolder } from '../helpers/folder.js';
import { isFree } from '../helpers/free.js';
import { needs } from '../helpers/needs.js';
import { isStillBlocked, surelyFree } from '../helpers/times.js';

const STRATEGIES = ['flock', 'rename', 'write-file-atomic', 'proper-lockfile'] as const;

describe.skipIf(!needs('koffi')).each(STRATEGIES)('mapFile, %s', (strategy) => {
  test.each([1, 4_096, 100_000])('shows the bytes of a file of %d', async (length) => {
    const path = join(temporaryFolder(), 'data');
    const content = Buffer.from(Array.from({ length }, (_, index) => index * 7));
    writeFileSync(path, content);

    await using file = await mapFile(path, { strategy });
    expect(file.path).toBe(path);
    expect(file.bytes.equals(content)).toBe(true);
  });

  test('keeps from the file what is written to the bytes', async () => {
    const path = join(temporaryFolder(), 'data');
    writeFileSync(path, 'content');
    await using file = await mapFile(path, { strategy });
    file.bytes.fill('x');
    expect(readFileSync(path, 'utf8')).toBe('content');
  });

  test('after close() the bytes read as zeros, and nothing is held', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'data');
    writeFileSync(path, 'content');
    const { bytes, close } = await mapFile(path, { strategy });
    const part = bytes.subarray(2);
    await close();
    await close();

    expect(bytes).toEqual(Buffer.alloc(7));
    expect(part).toEqual(Buffer.alloc(5));
    expect(openFilesIn(folder)).toEqual([]);
    if (strategy !== 'proper-lockfile') expect(isFree(path)).toBe(true);
  });

  test('maps an empty file to no bytes', async () => {
    const path = join(temporaryFolder(), 'data');
    writeFileSync(path, '');
    await using file = await mapFile(path, { strategy });
    expect(file.bytes).toHaveLength(0);
  });

  test('rejects with ENOENT where there is no file, and makes no sidecar', async () => {
    const folder = temporaryFolder();
    await expect(mapFile(join(folder, 'data'), { strategy })).rejects.toMatchObject({ code: 'ENOENT' });
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe.skipIf(!needs('koffi'))('a mapped file', () => {
  test('with flock: a writer waits until it is closed', async () => {
    const path = join(temporaryFolder(), 'data');
    writeFileSync(path, 'old');
    const file = await mapFile(path);
    const writing = writeFile(path, '', { strategy: 'flock' });
    expect(await isStillBlocked(writing)).toBe(true);
    expect(String(file.bytes)).toBe('old');

    await file.close();
    await surelyFree(writing);
    expect(readFileSync(path, 'utf8')).toBe('');
  });

  test.each(['rename', 'write-file-atomic'] as const)(
    'with %s: it keeps its version, whatever is published',
    async (strategy) => {
      const path = join(temporaryFolder(), 'data');
      writeFileSync(path, 'old content');
      await using file = await mapFile(path, { strategy });
      await surelyFree(writeFile(path, '', { strategy }));
      await surelyFree(writeFile(path, 'new', { strategy }));
      expect(String(file.bytes)).toBe('old content');
    },
  );

  test('cannot be a folder', async () => {
    const folder = temporaryFolder();
    await expect(mapFile(folder)).rejects.toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
    expect(readdirSync(folder)).toEqual([]);
  });
});
