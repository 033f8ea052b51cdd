import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { BenchReport } from '../../../src/bench/index.js';
import { childrenOf, isGone } from '../../helpers/children.js';
import { holdfast } from '../../helpers/cli.js';
import { temporaryFolder } from '../../helpers/folder.js';
import { eventually } from '../../helpers/times.js';

/** Needs no native package. */
const PLAIN = ['bench', '--only', 'proper-lockfile', '--keys', '5'];

describe('holdfast bench', () => {
  test('prints a row for each contender and load, and ends with 0', async () => {
    const folder = temporaryFolder();
    const args = [...PLAIN, '--processes', '1,3', '--reads', '100,0', '--seconds', '0.1', '--directory', folder];
    const { exitCode, stdout, stderr } = await holdfast(args).ended;
    for (const load of ['1 process, 100 % reads, 5 keys', '3 processes, 0 % reads, 5 keys']) {
      expect(stdout).toContain(load);
      expect(stderr).toContain(load);
    }
    expect(String(stdout).match(/^proper-lockfile +[\d,]+ /gm)).toHaveLength(4);
    // Its waits are not told: a dash, not a zero.
    expect(stdout).toMatch(/^proper-lockfile .* - +\d+ +0 *$/m);
    expect(stdout).toContain('Nothing empty, nothing torn, no errors.');
    expect(stdout).not.toContain('\u001b');
    expect(exitCode).toBe(0);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('--json prints the report alone on standard output', async () => {
    const args = [...PLAIN, '--processes', '2', '--reads', '50', '--seconds', '0.1', '--seed', '7', '--json'];
    const { stdout } = await holdfast(args, { TMPDIR: temporaryFolder() }).ended;
    const report: BenchReport = JSON.parse(String(stdout));
    expect(report).toMatchObject({
      schema: 1,
      bench: 'contention',
      environment: { node: process.version, filesystem: expect.any(String), cpuModel: expect.any(String) },
      options: { contenders: ['proper-lockfile'], processes: [2], reads: [50], keys: [5], seconds: 0.1, seed: 7 },
      interrupted: false,
      cells: [
        {
          contender: 'proper-lockfile',
          latency: {
            p50: expect.any(Number),
            p95: expect.any(Number),
            p99: expect.any(Number),
            max: expect.any(Number),
          },
          cpuSecondsPerMillion: expect.any(Number),
          lockWaits: null,
          descriptors: expect.any(Number),
          empty: 0,
          torn: 0,
          errors: 0,
        },
      ],
    });
  });

  test.each([
    ['--only nobody', 'Each contender must be one of'],
    ['--processes 0', 'processes must be a whole number from 1 to 256, not 0.'],
    ['--processes 2,2', 'processes must not name one twice.'],
    ['--reads 101', 'reads must be a whole number from 0 to 100, not 101.'],
    ['--keys a', 'Expected numbers with commas between them.'],
    ['--seconds 0', 'seconds must be a number above 0'],
    ['--bytes 3', 'bytes must be a whole number from'],
    ['--output /no/such/folder/report.json', 'ENOENT'],
  ])('%s ends it with 2 and a sentence', async (flags, sentence) => {
    const { exitCode, stdout, stderr } = await holdfast(['bench', ...flags.split(' ')]).ended;
    expect(stderr).toContain(sentence);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  });

  test('Ctrl-C ends it: what was measured is printed and saved, nobody is left, the folder is gone', async () => {
    const folder = temporaryFolder();
    const reportPath = join(temporaryFolder(), 'report.json');
    const args = [...PLAIN, '--processes', '1,4', '--reads', '50', '--seconds', '1', '--output', reportPath];
    const bench = holdfast(args, { TMPDIR: folder });
    let children: number[] = [];
    await eventually(() => {
      children = childrenOf(bench.pid);
      return children.length === 4;
    });
    // A terminal sends it to all of its processes.
    for (const pid of [...children, bench.pid]) process.kill(pid, 'SIGINT');
    const { exitCode, stdout } = await bench.ended;
    expect(exitCode).toBe(130);
    expect(stdout).toContain('Interrupted');
    const report: BenchReport = JSON.parse(readFileSync(reportPath, 'utf8'));
    expect(report.interrupted).toBe(true);
    expect(report.cells).toHaveLength(1);
    expect(children.filter((pid) => !isGone(pid))).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('SIGKILL of the command ends its processes too', async () => {
    const bench = holdfast([...PLAIN, '--processes', '4', '--seconds', '60'], { TMPDIR: temporaryFolder() });
    let children: number[] = [];
    await eventually(() => {
      children = childrenOf(bench.pid);
      return children.length === 4;
    });
    bench.kill('SIGKILL');
    await bench.ended;
    await eventually(() => children.every(isGone));
  });
});
