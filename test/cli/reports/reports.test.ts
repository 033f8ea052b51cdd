import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { clearCommand } from '../../../src/cli/caches/clear.js';
import { getCommand } from '../../../src/cli/caches/get.js';
import { lsCommand } from '../../../src/cli/caches/ls.js';
import { pruneCommand } from '../../../src/cli/caches/prune.js';
import { rmCommand } from '../../../src/cli/caches/rm.js';
import { setCommand } from '../../../src/cli/caches/set.js';
import { statsCommand } from '../../../src/cli/caches/stats.js';
import { verifyCommand } from '../../../src/cli/caches/verify.js';
import { benchCommand } from '../../../src/cli/commands/bench.js';
import { diagnoseCommand } from '../../../src/cli/commands/diagnose.js';
import { raceCommand } from '../../../src/cli/commands/race.js';
import { traceReportCommand } from '../../../src/cli/commands/trace-report.js';
import { watchCommand } from '../../../src/cli/commands/watch.js';
import { cacheForTest, put } from '../../helpers/cache.js';
import { holdfast, MAIN } from '../../helpers/cli.js';
import { temporaryFolder } from '../../helpers/folder.js';
import { needs } from '../../helpers/needs.js';
import { eventually } from '../../helpers/times.js';

const LOG = '1 close(3) = 0\n';
const OLD = '{\n  "holdfast": "diagnose",\n  "old": true\n}\n';
/** Finds something, so that it would end with 1. */
const FINDS = `1 openat(AT_FDCWD, "/d/cache", O_RDONLY) = 3
2 openat(AT_FDCWD, "/d/cache", O_WRONLY|O_CREAT|O_TRUNC, 0666) = 5
1 fstat(3, {st_mode=S_IFREG|0644, st_size=0, ...}) = 0
1 mmap(NULL, 71, PROT_READ, MAP_SHARED, 3, 0) = 0x7f0000001000
1 --- SIGBUS {si_signo=SIGBUS, si_code=BUS_ADRERR, si_addr=0x7f0000001000} ---
`;

function logs() {
  const folder = temporaryFolder();
  const [a, b] = [join(folder, 'a.log'), join(folder, 'b.log')];
  writeFileSync(a, LOG);
  writeFileSync(b, LOG);
  return { folder, a, b, report: join(folder, 'report.json') };
}

/** Commands of a shell, with `holdfast` among them. */
function shell(script: string, ...args: string[]) {
  const prelude = `holdfast() { '${process.execPath}' '${MAIN}' "$@"; }\n`;
  return execa('bash', ['-c', prelude + script, 'bash', ...args], { reject: false, stripFinalNewline: false });
}

const COMMANDS: (() => Command)[] = [
  ...[raceCommand, benchCommand, diagnoseCommand, watchCommand, traceReportCommand, lsCommand, getCommand],
  ...[setCommand, rmCommand, clearCommand, statsCommand, verifyCommand, pruneCommand],
];

test.each(COMMANDS.map((make) => make()))('$_name: --json takes no file, --output takes one', ({ options }) => {
  const flagsOf = (name: string) => options.find(({ long }) => long === name)?.flags;
  expect(flagsOf('--json')).toBe('--json');
  expect(flagsOf('--output')).toBe('--output <file>');
  expect(flagsOf('--force')).toBe('--force');
  for (const { long, flags } of options) if (long === '--html') expect(flags).toBe('--html <file>');
});

describe('a report never destroys a log', () => {
  test('--json before logs reads them all; an output that is a log is refused, before anything is run', async () => {
    const { folder, a, b, report } = logs();
    symlinkSync(a, join(folder, 'link'));
    const { stdout, exitCode } = await holdfast(['diagnose', '--json', a, b]).ended;
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout).logs).toHaveLength(2);
    const refused: [string[], RegExp][] = [
      [['diagnose', '--html', a, b], /no report of holdfast; --force replaces it/],
      [['diagnose', '--force', '--output', join(folder, 'link'), b, a], /this command reads it/],
      [['diagnose', a, '--output', '--json'], /Expected a file, whose name does not begin with "-"/],
      [['diagnose', '--force', '--output', a, '--', 'touch', report, a], /this command reads it/],
      [['bench', '--output', a], /--force replaces it/],
    ];
    const runs = await Promise.all(refused.map(([args]) => holdfast(args).ended));
    for (const [index, { stdout, stderr, exitCode }] of runs.entries()) {
      expect({ args: refused[index]?.[0], stdout, exitCode }).toEqual({
        args: refused[index]?.[0],
        stdout: '',
        exitCode: 2,
      });
      expect(stderr).toMatch(refused[index]?.[1] ?? /never/);
    }
    expect(readdirSync(folder).sort()).toEqual(['a.log', 'b.log', 'link']);
    expect([readFileSync(a, 'utf8'), readFileSync(b, 'utf8')]).toEqual([LOG, LOG]);
  });

  test('standard input and standard output are files too', async () => {
    const { a } = logs();
    const { stderr, all } = await shell(
      'holdfast diagnose - --output "$1" --force < "$1"; echo $? >&2; holdfast diagnose "$1" >> "$1"; echo $? >&2',
      a,
    );
    expect(all).toBeUndefined();
    expect(stderr.match(/^2$/gm)).toHaveLength(2);
    expect(stderr).toContain('it goes to');
    expect(readFileSync(a, 'utf8')).toBe(LOG);
  });

  test('--output writes what --json prints; a second report replaces the first, --force anything', async () => {
    const { a, b, report } = logs();
    const { stdout } = await holdfast(['diagnose', a, '--json', '--output', report]).ended;
    expect(JSON.parse(readFileSync(report, 'utf8'))).toEqual({ holdfast: 'diagnose', ...JSON.parse(stdout) });
    expect(await holdfast(['diagnose', a, '--output', report]).ended).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await holdfast(['diagnose', a, '--output', b, '--force']).ended).toMatchObject({ exitCode: 0 });
    expect(JSON.parse(readFileSync(b, 'utf8'))).toMatchObject({ holdfast: 'diagnose' });
  });

  test('a cache is an input, and with it all that is in it; lines and documents go into files', async () => {
    const core = cacheForTest();
    const folder = temporaryFolder();
    const { directory } = core;
    put(core, 'key', 'value');
    const inside = join(directory, 'v1/format');
    const format = readFileSync(inside, 'utf8');
    expect(await holdfast(['clear', directory, '--output', inside, '--force']).ended).toMatchObject({ exitCode: 2 });
    expect(readFileSync(inside, 'utf8')).toBe(format);
    const files = ['ls', 'clear', 'ls'].map((command, index) => [command, join(folder, `${index}`)]);
    for (const [command = '', file = ''] of files) {
      expect(await holdfast([command, directory, '--output', file]).ended).toMatchObject({ exitCode: 0 });
    }
    const read = files.map(([, file = '']) => JSON.parse(readFileSync(file, 'utf8')));
    expect(read).toMatchObject([
      { holdfast: 'ls', key: 'key', codec: 'text' },
      { holdfast: 'clear', entries: 1 },
      // None are listed; it is a report nevertheless.
      { holdfast: 'ls' },
    ]);
  });
});

describe('a report that could not be written is status 2, whatever was found', () => {
  test('on a full disk, as a whole and in part; the old report stays', async () => {
    const { folder, a, report } = logs();
    writeFileSync(a, FINDS);
    writeFileSync(report, OLD);
    const { stderr } = await shell(
      `holdfast diagnose "$1" --json > /dev/full; echo "status $?" >&2
       holdfast diagnose "$1" > /dev/full; echo "status $?" >&2
       ulimit -f 1
       holdfast diagnose "$1" --json > "$2/cut"; echo "status $?" >&2
       holdfast diagnose "$1" --output "$2/report.json" > /dev/null; echo "status $?" >&2
       holdfast diagnose "$1" --html "$2/page.html" > /dev/null; echo "status $?" >&2`,
      a,
      folder,
    );
    expect(stderr.match(/^status 2$/gm)).toHaveLength(5);
    expect(stderr.match(/^holdfast: ENOSPC/gm)).toHaveLength(2);
    expect(stderr.match(/^holdfast: EFBIG/gm)).toHaveLength(3);
    expect(readFileSync(report, 'utf8')).toBe(OLD);
    expect(readdirSync(folder).sort()).toEqual(['a.log', 'b.log', 'cut', 'report.json']);
  });

  test('where a folder went away meanwhile', async () => {
    const { folder, a } = logs();
    mkdirSync(join(folder, 'sub'));
    const watch = holdfast(['watch', '--json', '--seconds', '60', a, '--output', join(folder, 'sub/report')]);
    await watch.said(/"kind":"begin"/);
    await execa('rm', ['-r', join(folder, 'sub')]);
    watch.kill('SIGINT');
    expect(await watch.ended).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('ENOENT') });
  });

  test('a reader that leaves early is no failure, and nothing is said of it', async () => {
    const { a } = logs();
    const { stderr } = await shell(
      'holdfast diagnose "$1" | true; holdfast diagnose --json "$1" 2>&1 | true; echo "status $PIPESTATUS" >&2',
      a,
    );
    expect(stderr).toMatch(/^status [02]\n$/);
  });
});

test('watch writes its lines into a file when it ends, beginning with its name', async () => {
  const { a, report } = logs();
  const watch = holdfast(['watch', '--json', a, '--output', report]);
  await watch.said(/"kind":"begin"/);
  watch.kill('SIGINT');
  const { exitCode, stdout } = await watch.ended;
  expect(exitCode).toBe(130);
  const [first, last] = readFileSync(report, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(first).toMatchObject({ holdfast: 'watch', kind: 'begin' });
  expect(last).toMatchObject({ kind: 'summary', interrupted: true });
  expect(stdout.split('\n')).toHaveLength(2);
});

describe.skipIf(!needs('koffi'))('Ctrl-C while a report is being written', () => {
  test('leaves the old report and no other file, and ends with 130', async () => {
    const core = cacheForTest();
    const folder = temporaryFolder();
    const report = join(folder, 'report.json');
    for (let n = 0; n < 1_500; n += 1) put(core, `key ${n} ${'x'.repeat(200)}`, 'value');
    writeFileSync(report, OLD);
    // Nobody reads the pipe, so that it stands still in the middle of the list.
    const ls = execa(process.execPath, [MAIN, 'ls', core.directory, '--output', report], {
      reject: false,
      buffer: false,
      stdout: ['pipe'],
    });
    try {
      await eventually(() => readdirSync(folder).length === 2);
      ls.kill('SIGINT');
      const { exitCode } = await ls;
      expect(exitCode).toBe(130);
    } finally {
      ls.kill('SIGKILL');
    }
    expect(readFileSync(report, 'utf8')).toBe(OLD);
    expect(readdirSync(folder)).toEqual(['report.json']);
  });
});
