import { expect, test } from 'vitest';
import { quickFolder } from '../../helpers/folder.js';
import { run } from '../../helpers/run.js';
import { skipWithoutKoffi } from '../../helpers/with-koffi.js';

skipWithoutKoffi();

test('180 worker threads that end without close() leave no mapping, and memory is as it was', async () => {
  const { stdout, stderr } = await run('ending-workers.mjs', [`${quickFolder()}/cache`, '180']).ended;
  expect(stderr).toBe('');
  const { before, after } = JSON.parse(stdout);
  console.log(`memory before ${before.rssMb} MB, after ${after.rssMb} MB; mappings ${before.all}, ${after.all}`);
  expect([before, after]).toMatchObject([
    { shared: 1, files: 0 },
    { shared: 1, files: 0 },
  ]);
  expect(after.rssMb - before.rssMb).toBeLessThan(40);
});
