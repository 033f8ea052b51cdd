import { readdirSync, readFileSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type StrategyName, updateFile, writeFile } from '../../src/index.js';
import { openFilesIn } from '../helpers/descriptors.js';
import { isFree } from '../helpers/free.js';
import { mountTmpfs } from '../helpers/mount.js';
import { needs } from '../helpers/needs.js';

const OLD = Buffer.alloc(8 * 1024, 'old ');
/** Written in one call on this thread, and in one through the thread pool; both find space for a part of themselves. */
const TOO_LARGE = [60, 200].map((kilobytes) => Buffer.alloc(kilobytes * 1024, 'new '));

describe.skipIf(!needs('tmpfs'))('out of space', () => {
  describe.each<StrategyName>(['rename', 'flock'])('%s', (strategy) => {
    test.each(TOO_LARGE)(
      'in the middle of writeFile: ENOSPC is told, the old content stays whole, nothing is left',
      async (data) => {
        const { folder, path } = smallDisk();
        await expect(writeFile(path, data, { strategy })).rejects.toMatchObject({ code: 'ENOSPC' });
        expectUntouched(folder, path);
      },
    );

    test.each(TOO_LARGE)(
      'in the middle of updateFile: ENOSPC is told, the old content stays whole, nothing is left',
      async (data) => {
        const { folder, path } = smallDisk();
        await expect(updateFile(path, () => data, { strategy })).rejects.toMatchObject({ code: 'ENOSPC' });
        expectUntouched(folder, path);
      },
    );

    test.each(TOO_LARGE)('in the middle of making a file: ENOSPC is told, and there is no file', async (data) => {
      const { folder } = smallDisk();
      await expect(writeFile(join(folder, 'new'), data, { strategy })).rejects.toMatchObject({ code: 'ENOSPC' });
      expect(readdirSync(folder).sort()).toEqual(['data', 'new.lock']);
    });

    test('with room for one version, but not for two at once', async () => {
      const { folder, path } = smallDisk();
      const data = Buffer.alloc(36 * 1024, 'new ');
      if (strategy === 'rename') {
        await expect(writeFile(path, data, { strategy })).rejects.toMatchObject({ code: 'ENOSPC' });
        expectUntouched(folder, path);
      } else {
        await writeFile(path, data, { strategy });
        expect(readFileSync(path)).toEqual(data);
      }
    });

    test('the next write that fits succeeds', async () => {
      const { path } = smallDisk();
      await writeFile(path, TOO_LARGE[0] ?? '', { strategy }).catch(() => {});
      await writeFile(path, 'small', { strategy });
      expect(readFileSync(path, 'utf8')).toBe('small');
    });
  });

  test.each(TOO_LARGE)('write-file-atomic publishes a file cut short, and says nothing', async (data) => {
    const { folder, path } = smallDisk();
    const free = bytesFree(folder);

    await writeFile(path, data, { strategy: 'write-file-atomic' });

    const published = readFileSync(path);
    expect(published.length).toBe(free);
    expect(published.length).toBeLessThan(data.length);
  });
});

/** 40 KiB, of which a file of 8 takes its part. */
function smallDisk(): { folder: string; path: string } {
  const folder = mountTmpfs('size=40k');
  const path = join(folder, 'data');
  writeFileSync(path, OLD);
  return { folder, path };
}

function expectUntouched(folder: string, path: string): void {
  expect(readFileSync(path).equals(OLD)).toBe(true);
  expect(readdirSync(folder).sort()).toEqual(['data', 'data.lock']);
  expect(openFilesIn(folder)).toEqual([]);
  expect(isFree(path)).toBe(true);
}

function bytesFree(folder: string): number {
  const { bfree, bsize } = statfsSync(folder);
  return bfree * bsize;
}
