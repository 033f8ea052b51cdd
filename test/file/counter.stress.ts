import { join } from 'node:path';
import { test } from 'vitest';
import { countTogether, expectExact } from '../helpers/count-together.js';
import { temporaryFolder } from '../helpers/folder.js';
import { run } from '../helpers/run.js';

const PROCESSES = 8;

test.each([
  ['flock', 2_000],
  ['rename', 2_000],
  ['write-file-atomic', 2_000],
  ['proper-lockfile', 300],
])('8 processes lose no update: %s, %d each', async (strategy, each) => {
  const path = join(temporaryFolder(), 'count');
  const counters = Array.from({ length: PROCESSES }, () => run('increment.mjs', [path, String(each), strategy]));
  expectExact(await countTogether(path, counters), PROCESSES * each);
});
