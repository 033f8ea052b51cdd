import { expect, test } from 'vitest';
import { MOST_OPEN } from '../../../src/cache/sections/lock-descriptors.js';
import { openFilesIn } from '../../helpers/descriptors.js';
import { openCache } from '../../helpers/file-cache.js';
import { quickFolder } from '../../helpers/folder.js';
import { run } from '../../helpers/run.js';
import { skipWithoutKoffi } from '../../helpers/with-koffi.js';

skipWithoutKoffi();

test('an instance keeps a bounded number of lock files open, however many shards it uses', async () => {
  const { cache, directory } = openCache<number>();
  for (let n = 0; n < 3_000; n += 1) cache.setSync(`key ${n}`, n);
  expect(openFilesIn(directory)).toHaveLength(MOST_OPEN);
  expect((await cache.verify()).found).toBe(0);
  await cache.close();
  expect(openFilesIn(directory)).toEqual([]);
});

test('where a process has no descriptor left, lock files that are idle are closed and the call is tried again', async () => {
  const { stdout, stderr } = await run('few-descriptors.mjs', [`${quickFolder()}/cache`]).ended;
  expect({ stderr, ...JSON.parse(stdout) }).toEqual({ stderr: '', locks: MOST_OPEN, read: [1, 2, 'new', 'new', true] });
});
