import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../helpers/folder.js';
import { runProgram } from '../helpers/run.js';
import { isStillBlocked } from '../helpers/times.js';

test('examples/hold-and-write: the writer waits until the reader lets go', async () => {
  const path = join(temporaryFolder(), 'data');
  const holder = runProgram('node', ['examples/hold-and-write/hold.mjs', path, '0.5']);
  await holder.said(`holding the shared lock of ${path}`);
  const writer = runProgram('node', ['examples/hold-and-write/write.mjs', path, 'hello']);
  await writer.said('asking for the exclusive lock');
  expect(await isStillBlocked(writer.ended)).toBe(true);
  expect(existsSync(path)).toBe(false);

  const { stdout: held } = await holder.ended;
  expect(held).toBe(`holding the shared lock of ${path}\n0.5 ...\nreleased`);
  const { stdout: wrote, exitCode } = await writer.ended;
  expect(exitCode).toBe(0);
  expect(wrote).toMatch(/written after \d\.\d s$/);
  expect(readFileSync(path, 'utf8')).toBe('hello\n');
});
