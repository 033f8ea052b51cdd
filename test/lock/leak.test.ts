import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../helpers/folder.js';
import { runProgram } from '../helpers/run.js';

const SCRIPT = fileURLToPath(new URL('../processes/leak-a-lock.mjs', import.meta.url));

test('a lock that is collected while held warns with its path, and stays held', async () => {
  const folder = temporaryFolder();
  const [leaked, released] = [join(folder, 'leaked'), join(folder, 'released')];

  const { stdout, exitCode } = await runProgram(process.execPath, ['--expose-gc', SCRIPT, leaked, released]).ended;

  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toEqual({
    warnings: [{ name: 'HoldfastWarning', code: 'HOLDFAST_LOCK_LEAK', message: expect.stringContaining(leaked) }],
    stillHeld: true,
  });
});
