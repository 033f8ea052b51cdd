import { openSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { SHARDS } from '../../../src/cache/format/key.js';
import { IDLE_SECONDS, LockDescriptors } from '../../../src/cache/sections/lock-descriptors.js';
import { openFilesIn } from '../../helpers/descriptors.js';
import { openCache } from '../../helpers/file-cache.js';
import { quickFolder } from '../../helpers/folder.js';
import { run } from '../../helpers/run.js';
import { skipWithoutKoffi } from '../../helpers/with-koffi.js';

skipWithoutKoffi();

test('an instance keeps the lock files of the shards that it uses open until it is closed', async () => {
  const { cache, directory } = openCache<number>();
  for (let n = 0; n < 3_000; n += 1) cache.setSync(`key ${n}`, n);
  expect(openFilesIn(directory)).toHaveLength(SHARDS);
  await cache.close();
  expect(openFilesIn(directory)).toEqual([]);
});

test('a lock file is closed that was not used for as long as that, and none whose lock is held', () => {
  const folder = quickFolder();
  const held = 3;
  const descriptors = new LockDescriptors((shard) => shard === held);
  onTestFinished(() => descriptors.closeAll());
  for (const shard of [1, 2, held]) descriptors.add(shard, openSync(`${folder}/${shard}`, 'w'));
  const pass = () => {
    for (let second = 0; second < IDLE_SECONDS; second += 1) descriptors.everySecond();
  };
  const open = () => openFilesIn(folder).map((path) => path.slice(-1));
  descriptors.get(1);
  pass();
  expect(open()).toEqual(['1', '3']);
  pass();
  expect(open()).toEqual(['3']);
  descriptors.closeAll();
  expect(open()).toEqual([]);
});

test('where a process has no descriptor left, lock files that are idle are closed and the call is tried again', async () => {
  const { stdout, stderr } = await run('few-descriptors.mjs', [`${quickFolder()}/cache`]).ended;
  expect({ stderr, ...JSON.parse(stdout) }).toEqual({ stderr: '', locks: SHARDS, read: [1, 2, 'new', 'new', true] });
});
