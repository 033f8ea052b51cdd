import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../helpers/folder.js';
import { runProgram } from '../helpers/run.js';
import { processSource, TracedProgram } from '../helpers/trace.js';

test('a traced program sees the same functions, results, errors and order of callbacks', async () => {
  const program = new TracedProgram(temporaryFolder(), processSource('fs-behaviour.mjs'), 'mjs');
  const plain = await runProgram(process.execPath, [program.script, temporaryFolder()]).ended;
  expect(plain).toMatchObject({ exitCode: 0, stderr: '' });
  const folder = temporaryFolder();
  const traced = await program.run([folder], { HOLDFAST_TRACE: `${folder}/*.json` });
  expect(traced.stderr).toBe('');
  expect(traced.stdout.split('\n')).toEqual(plain.stdout.split('\n'));
  // Else there would be nothing that could have changed them.
  expect((await program.report()).accesses).toBeGreaterThan(30);
});

describe('an uncaught error', () => {
  test.each([
    "require('node:fs').readFileSync('missing.json')",
    "require('node:fs').promises.readFile('missing.json')",
  ])('of %s ends the program as before', async (source) => {
    const program = new TracedProgram(temporaryFolder(), source, 'cjs');
    const { exitCode, stderr } = await program.start().ended;
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/ENOENT: no such file or directory, open 'missing\.json'/);
    expect((await program.report()).threads).toMatchObject([{ exitStatus: 1 }]);
  });
});
