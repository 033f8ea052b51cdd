import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { StrategyName } from '../../src/index.js';
import { temporaryFolder } from '../helpers/folder.js';
import { needs } from '../helpers/needs.js';
import { type Running, run, runProgram } from '../helpers/run.js';

const SCRIPT = fileURLToPath(new URL('../processes/readfile-loop.php', import.meta.url));
/** Lines of 8 bytes: a small cache file as in the field, and one of several pages. */
const SIZES = [9, 2_500];
const FOR_EVER = 1e9;
/** A naive writer kills it after some dozens. */
const READS = 5_000;

describe.skipIf(!needs('php')).each(SIZES)("PHP's readfile() of %d lines", (lines) => {
  test('dies of SIGBUS beside a writer that truncates', async () => {
    const path = await written('naive', lines);
    const { signal } = await readfileLoop(path, 'unlocked', FOR_EVER).ended;
    expect(signal).toBe('SIGBUS');
  });

  const safe: [strategy: StrategyName, lock: 'locked' | 'unlocked'][] = [
    ['rename', 'unlocked'],
    ['write-file-atomic', 'unlocked'],
    ['flock', 'locked'],
  ];

  test.each(safe)('lives, and sees whole versions only, beside %s, %s', async (strategy, lock) => {
    const path = await written(strategy, lines);
    const { signal, exitCode, stdout } = await readfileLoop(path, lock, READS).ended;

    expect({ signal, exitCode }).toEqual({ signal: undefined, exitCode: 0 });
    expect(JSON.parse(stdout)).toMatchObject({ empty: 0, torn: 0 });
  });
});

/** A file that is being written, over and over, until the test ends. */
async function written(strategy: StrategyName | 'naive', lines: number): Promise<string> {
  const path = join(temporaryFolder(), 'data');
  await run('writer.mjs', [path, strategy, String(lines)]).said('writing');
  return path;
}

function readfileLoop(path: string, lock: 'locked' | 'unlocked', count: number): Running {
  return runProgram('php', ['-n', SCRIPT, path, lock, String(count)]);
}
