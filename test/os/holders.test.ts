import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lockFile } from '../../src/index.js';
import { flockHolders } from '../../src/os/holders.js';
import { Actor } from '../helpers/actor.js';
import { temporaryFolder } from '../helpers/folder.js';

test('the kernel names all processes that hold a lock', async () => {
  const path = join(temporaryFolder(), 'data');
  const other = await Actor.forTest();
  const lock = await lockFile(path, 'shared');
  await other.main.lock(path, 'shared');

  expect(flockHolders(`${path}.lock`).sort()).toEqual([process.pid, other.pid].sort());

  await lock.release();
  expect(flockHolders(`${path}.lock`)).toEqual([other.pid]);
});

test('nobody holds what is not there', () => {
  expect(flockHolders(join(temporaryFolder(), 'missing'))).toEqual([]);
});
