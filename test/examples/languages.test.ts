import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { lockFile } from '../../src/index.js';
import { temporaryFolder } from '../helpers/folder.js';
import { someoneBlocksOn } from '../helpers/kernel-queue.js';
import { needs } from '../helpers/needs.js';
import { type Running, runProgram } from '../helpers/run.js';
import { eventually } from '../helpers/times.js';

describe('examples/node', () => {
  test('counts visits', async () => {
    const path = join(temporaryFolder(), 'visits.json');
    await succeeds(runProgram('node', ['examples/node/count.mjs', path, '20']));
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ visits: 20, by: 'Node' });
  });
});

describe.skipIf(!needs('php'))('examples/php', () => {
  test('writer.php and the Node script count in one file, and lose no visit', async () => {
    const path = join(temporaryFolder(), 'visits.json');
    const counters = [
      runProgram('php', ['examples/php/writer.php', path, '2000']),
      runProgram('node', ['examples/node/count.mjs', path, '500']),
      runProgram('php', ['examples/php/writer.php', path, '2000']),
      runProgram('node', ['examples/node/count.mjs', path, '500']),
    ];
    for (const counter of counters) await succeeds(counter);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ visits: 5_000 });
  });

  test('reader.php prints the file, and waits for a writer', async () => {
    const path = join(temporaryFolder(), 'visits.json');
    writeFileSync(path, 'old');
    const lock = await lockFile(path, 'exclusive');
    const reader = runProgram('php', ['examples/php/reader.php', path]);
    await eventually(() => someoneBlocksOn(`${path}.lock`));
    writeFileSync(path, 'new');
    await lock.release();
    expect(await succeeds(reader)).toBe('new');
  });
});

test.skipIf(!needs('python3'))('examples/python/reader.py tells the visits, and waits for a writer', async () => {
  const path = join(temporaryFolder(), 'visits.json');
  const lock = await lockFile(path, 'exclusive');
  const reader = runProgram('python3', ['examples/python/reader.py', path]);
  await eventually(() => someoneBlocksOn(`${path}.lock`));
  writeFileSync(path, '{"visits":7,"by":"a test"}');
  await lock.release();
  expect(await succeeds(reader)).toBe('7 visits, the last one counted by a test');
});

describe.skipIf(!needs('flock'))('examples/shell/with-flock.sh', () => {
  test('runs a command under the lock, and waits for it', async () => {
    const path = join(temporaryFolder(), 'visits.json');
    const lock = await lockFile(path, 'exclusive');
    const reader = runProgram('examples/shell/with-flock.sh', ['shared', path, 'cat', path]);
    await eventually(() => someoneBlocksOn(`${path}.lock`));
    writeFileSync(path, 'new');
    await lock.release();
    expect(await succeeds(reader)).toBe('new');
  });

  test('shared admits our readers, exclusive does not', async () => {
    const path = join(temporaryFolder(), 'data');
    await using lock = await lockFile(path, 'shared');
    await succeeds(runProgram('examples/shell/with-flock.sh', ['shared', lock.path, 'true']));
    runProgram('examples/shell/with-flock.sh', ['exclusive', path, 'true']);
    await eventually(() => someoneBlocksOn(`${path}.lock`));
  });
});

const USAGES: [program: string, args: string[]][] = [
  ['node', ['examples/node/count.mjs']],
  ['node', ['examples/hold-and-write/hold.mjs']],
  ['node', ['examples/hold-and-write/write.mjs']],
  ['examples/shell/with-flock.sh', ['both', 'file', 'true']],
];
if (needs('php')) USAGES.push(['php', ['examples/php/writer.php']], ['php', ['examples/php/reader.php']]);
if (needs('python3')) USAGES.push(['python3', ['examples/python/reader.py']]);

test.each(USAGES)('%s %s, without what it needs, tells its usage', async (program, args) => {
  const { stdout, stderr, exitCode } = await runProgram(program, args).ended;
  expect(exitCode).toBeGreaterThan(0);
  expect(`${stdout}${stderr}`).toMatch(/^Usage: /);
});

/** What a program printed that must end with status 0. */
async function succeeds(program: Running): Promise<string> {
  const { stdout, stderr, exitCode } = await program.ended;
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
  return stdout;
}
