import { expect, test } from 'vitest';
import { quickFolder } from '../../helpers/folder.js';
import { run } from '../../helpers/run.js';
import { skipWithoutKoffi } from '../../helpers/with-koffi.js';

skipWithoutKoffi();

test('worker threads that end without close(), or are terminated, leave no mapping of a cache or a file', async () => {
  const { stdout, stderr } = await run('ending-workers.mjs', [`${quickFolder()}/cache`, '6']).ended;
  expect(stderr).toBe('');
  // The main thread's own mapping of `shared` is the one that is left.
  const { before, after } = JSON.parse(stdout);
  expect([before, after]).toMatchObject([
    { shared: 1, files: 0 },
    { shared: 1, files: 0 },
  ]);
});
