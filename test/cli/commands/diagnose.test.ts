import { readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { DiagnoseReport } from '../../../src/diagnose/index.js';
import { holdfast } from '../../helpers/cli.js';
import { temporaryFolder } from '../../helpers/folder.js';
import { needs } from '../../helpers/needs.js';
import { runProgram } from '../../helpers/run.js';
import { pythonItself } from '../../helpers/strace.js';
import { eventually } from '../../helpers/times.js';

const processes = fileURLToPath(new URL('../../processes/', import.meta.url));
const DEATH = `1 openat(AT_FDCWD, "/d/cache", O_RDONLY) = 3
1 fstat(3, {st_mode=S_IFREG|0644, st_size=71, ...}) = 0
2 openat(AT_FDCWD, "/d/cache", O_WRONLY|O_CREAT|O_TRUNC, 0666) = 5
1 mmap(NULL, 71, PROT_READ, MAP_SHARED, 3, 0) = 0x7f0000001000
1 --- SIGBUS {si_signo=SIGBUS, si_code=BUS_ADRERR, si_addr=0x7f0000001000} ---
1 +++ killed by SIGBUS +++
`;

function logOf(text: string): string {
  const path = join(temporaryFolder(), 'trace.log');
  writeFileSync(path, text);
  return path;
}

describe('holdfast diagnose LOG', () => {
  test('says who did what in a sentence, shows the lines, says what to do, and ends with 1', async () => {
    const { stdout, stderr, exitCode } = await holdfast(['diagnose', logOf(DEATH)]).ended;
    expect(stdout).toMatch(
      /^1\. sigbus-after-truncate {2}\/d\/cache\n {3}Process 1 was hit by SIGBUS .*: process 2 had emptied it \(line 3\)/,
    );
    expect(stdout).toMatch(/^ {3}line 3 {2}2 {2}culprit {2}openat\(.*O_TRUNC/m);
    expect(stdout).toMatch(/^ {3}What to do: Let the writer publish/m);
    expect(stdout).toMatch(/^1 finding in 6 lines, \d+ B\.$/m);
    expect(stderr).toBe('');
    expect(exitCode).toBe(1);
  });

  test('ends with 0 where there is nothing to find, and says how many lines it did not understand', async () => {
    const { stdout, exitCode } = await holdfast(['diagnose', logOf('1 close(3) = 0\nwhat?\n')]).ended;
    expect({ stdout, exitCode }).toEqual({
      stdout: 'Nothing found in 2 lines, 21 B; 1 line not understood.',
      exitCode: 0,
    });
  });

  test('--json prints the report alone on standard output', async () => {
    const { stdout, stderr, exitCode } = await holdfast(['diagnose', logOf(DEATH), '--json']).ended;
    const report: DiagnoseReport = JSON.parse(String(stdout));
    expect(report).toMatchObject({
      schema: 1,
      findings: [
        {
          kind: 'sigbus-after-truncate',
          path: '/d/cache',
          victim: { pid: 1 },
          culprit: { pid: 2 },
          evidence: [1, 2, 3, 4, 5],
        },
      ],
      writers: expect.any(Array),
      readers: expect.any(Array),
    });
    expect(stderr).toContain('1. sigbus-after-truncate');
    expect(exitCode).toBe(1);
  });

  test('--output FILE writes it there', async () => {
    const path = join(temporaryFolder(), 'report.json');
    const { stdout } = await holdfast(['diagnose', logOf(DEATH), '--output', path]).ended;
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ holdfast: 'diagnose', schema: 1 });
    expect(stdout).toContain('1. sigbus-after-truncate');
  });

  test('- is standard input', async () => {
    const running = runProgram('sh', ['-c', `"$0" dist/cli/main.js diagnose - < ${logOf(DEATH)}`, process.execPath]);
    expect(await running.ended).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining('process 2 had emptied it'),
    });
  });

  test('prints nothing that a terminal would act on', async () => {
    const evil = DEATH.replaceAll('/d/cache', '/d/\\33[2Jca\u009bche').replace('st_mode', '\u001b]0;st_mode');
    const { stdout } = await holdfast(['diagnose', logOf(evil)]).ended;
    expect(stdout).toContain('sigbus-after-truncate');
    expect(String(stdout).replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  });

  test.each([
    ['nothing at all', [], 'Expected one of: logs to read, a command after --, or --pid'],
    ['two of them', ['x.log', '--pid', '1'], 'Expected one of'],
    ['a log that is not there', ['/nowhere/x.log'], 'ENOENT'],
    [
      'a log that is none',
      [fileURLToPath(new URL('../../helpers/cli.ts', import.meta.url))],
      'is neither the output of strace nor an audit log',
    ],
    ['no number', ['--pid', 'x'], 'Expected a whole number'],
    ['an unknown option', ['--hlep'], 'unknown option'],
  ])('%s: an error, and status 2', async (_, args, message) => {
    const { stdout, stderr, exitCode } = await holdfast(['diagnose', ...args]).ended;
    expect(stderr).toContain(message);
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 2 });
  });
});

describe('without strace', () => {
  test('an error says how to get it, and status 2', async () => {
    const { stderr, exitCode } = await holdfast(['diagnose', '--', 'true'], { PATH: '/nowhere' }).ended;
    expect(stderr).toMatch(/^holdfast: strace is not on the PATH\. Install it .*apt-get install strace/);
    expect(exitCode).toBe(2);
  });
});

describe.skipIf(!needs('strace', 'python3'))('holdfast diagnose -- CMD', () => {
  test('runs it, finds what it does, tells how it ended', async () => {
    const folder = temporaryFolder();
    const json = join(folder, 'report.json');
    const temporary = temporaryFolder();
    const command = [pythonItself(), '-I', '-S', `${processes}story.py`, folder];
    const { stderr, exitCode } = await holdfast(['diagnose', '--output', json, '--', ...command], { TMPDIR: temporary })
      .ended;
    const report: DiagnoseReport = JSON.parse(readFileSync(json, 'utf8'));
    expect(report.findings.map(({ kind }) => kind)).toEqual([
      'sigbus-after-truncate',
      'unlocked-reader',
      'lock-after-truncate',
    ]);
    expect(report.command).toEqual({ argv: command, exitCode: null, signal: 'SIGBUS' });
    expect(stderr).toContain('was ended by SIGBUS.');
    expect(exitCode).toBe(1);
    expect(readdirSync(temporary)).toEqual([]);
  });

  test('has the output of the command, and its status in the report; its own status is about findings', async () => {
    const { stdout, stderr, exitCode } = await holdfast(['diagnose', '--', 'sh', '-c', 'echo hello; exit 7']).ended;
    expect(stdout).toBe('hello');
    expect(stderr).toContain('Nothing found');
    expect(stderr).toContain('ended with status 7.');
    expect(exitCode).toBe(0);
  });

  test('with --json standard output is the report alone: what the command prints goes to standard error', async () => {
    const { stdout, stderr } = await holdfast(['diagnose', '--json', '--', 'echo', 'hello']).ended;
    expect(JSON.parse(stdout)).toMatchObject({ schema: 1, command: { argv: ['echo', 'hello'], exitCode: 0 } });
    expect(stderr).toMatch(/^hello$/m);
  });

  test('a command that cannot be run is an error', async () => {
    const { stderr, exitCode } = await holdfast(['diagnose', '--', '/nowhere/x']).ended;
    expect(stderr).toContain('strace could not trace /nowhere/x');
    expect(exitCode).toBe(2);
  });

  test('options of the command are its own', async () => {
    const { stdout } = await holdfast(['diagnose', '--', 'echo', '--json', '-']).ended;
    expect(stdout).toBe('--json -');
  });
});

describe.skipIf(!needs('strace', 'python3'))('holdfast diagnose --pid', () => {
  const isTraced = (pid: number) => !/^TracerPid:\t0$/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));

  test('knows what was mapped before it came', async () => {
    const path = join(temporaryFolder(), 'data');
    writeFileSync(path, 'x'.repeat(71));
    const python = pythonItself();
    const victim = runProgram(python, ['-I', '-S', `${processes}maps-and-waits.py`, path]);
    const culprit = runProgram(python, ['-I', '-S', `${processes}empties-when-told.py`, path]);
    await Promise.all([victim.said('mapped'), culprit.said('ready')]);
    const diagnosis = holdfast(['diagnose', '--pid', String(victim.pid), String(culprit.pid), '--json']);
    await eventually(() => isTraced(victim.pid) && isTraced(culprit.pid));
    culprit.say('');
    await culprit.said('emptied');
    victim.say('');
    expect((await victim.ended).signal).toBe('SIGBUS');
    culprit.say('');
    const { stdout, exitCode } = await diagnosis.ended;
    const { findings }: DiagnoseReport = JSON.parse(String(stdout));
    expect(findings).toMatchObject([
      {
        kind: 'sigbus-after-truncate',
        path,
        victim: { pid: victim.pid, died: true, program: realpathSync(python) },
        culprit: { pid: culprit.pid, call: expect.stringMatching(/^truncate\(/) },
      },
    ]);
    expect(exitCode).toBe(1);
  });

  test('Ctrl-C ends it with what was found; the process goes on', async () => {
    const path = join(temporaryFolder(), 'data');
    writeFileSync(path, 'x'.repeat(71));
    const running = runProgram(pythonItself(), ['-I', '-S', `${processes}empties-when-told.py`, path]);
    await running.said('ready');
    const diagnosis = holdfast(['diagnose', '--pid', String(running.pid)]);
    await eventually(() => isTraced(running.pid));
    diagnosis.kill('SIGINT');
    expect(await diagnosis.ended).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('Nothing found') });
    running.say('');
    await running.said('emptied');
  });

  test('a process that is not there is an error', async () => {
    const { stderr, exitCode } = await holdfast(['diagnose', '--pid', '4194303']).ended;
    expect(stderr).toContain('strace could not trace -p 4194303');
    expect(exitCode).toBe(2);
  });
});
