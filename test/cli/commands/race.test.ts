import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { RaceReport } from '../../../src/race/index.js';
import { childrenOf, isGone } from '../../helpers/children.js';
import { holdfast } from '../../helpers/cli.js';
import { temporaryFolder } from '../../helpers/folder.js';
import { refusalOf } from '../../helpers/race.js';
import type { Running } from '../../helpers/run.js';
import { scaled } from '../../helpers/scale.js';
import { eventually } from '../../helpers/times.js';

/** Without locks and mappings these run everywhere; 6 readers and 2 writers. */
const NAIVE = ['race', '--strategy', 'naive', '--access', 'read', '--readers', '6', '--writers', '2'];

/** Once the counter has been written to, all processes are in the midst of it. Returns their ids. */
async function underWay({ pid }: Running, folder: string): Promise<number[]> {
  await eventually(() =>
    readdirSync(folder, { recursive: true }).some((name) => countOf(join(folder, String(name))) > 0),
  );
  const children = childrenOf(pid);
  expect(children).toHaveLength(8);
  return children;
}

function countOf(path: string): number {
  return path.endsWith('/counter') ? Number(readFileSync(path, 'latin1')) : 0;
}

/**
 * For each strategy. On a machine that is busy, naive may kill nobody in the first of them, or a process may not come to run at all: the race
 * then says that it showed nothing, and wants more time. It gets it, a few times. What a safe strategy shows is never forgiven.
 */
const SECONDS = scaled([0.4, 2, 10], [1, 4, 10]);
const SAFE = ['flock', 'rename', 'write-file-atomic', 'proper-lockfile'];
const CLEAN = 'no reader died, nothing empty, nothing torn, nothing lost.';
const KILLED = /^naive killed [\d,]+ readers? with SIGBUS, the first after [\d.]+ ms[,.]/m;

/** Whether the strategies that harm nothing harmed nothing, and naive killed a reader; false where the race needs more time to show it. */
function showsAll(exitCode: number | undefined, stdout: string): boolean {
  for (const name of SAFE) {
    expect(stdout).toMatch(new RegExp(`^${name} +[\\d,]+ +[\\d,]+ +0 +0 +0 +0 +0 `, 'm'));
    expect(stdout).toMatch(
      new RegExp(`^${name}(?:: ${CLEAN}| showed nothing: nobody (?:read|wrote) in [\\d.]+ s\\.)$`, 'm'),
    );
  }
  expect(stdout).toMatch(/^naive (?:killed|gave|lost|showed nothing) /m);
  const inconclusive = stdout.includes('showed nothing');
  expect(exitCode).toBe(inconclusive ? 3 : 0);
  return !inconclusive && KILLED.test(stdout);
}

describe('holdfast race', () => {
  test('prints a row and a sentence for each of the five strategies, and ends with 0', {
    timeout: 120_000,
  }, async () => {
    const code = refusalOf('flock', 'mmap');
    for (const seconds of SECONDS) {
      const { exitCode, stdout, stderr } = await holdfast(['race', '--seconds', String(seconds)]).ended;
      if (code !== undefined) {
        expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
        return;
      }
      for (const name of ['naive', ...SAFE]) {
        expect(stderr).toMatch(new RegExp(`^${name}: [\\d.]+ of ${seconds.toFixed(1)} s, [\\d,]+ reads`, 'm'));
      }
      // No terminal, no colours.
      expect(`${stdout}${stderr}`).not.toContain('\u001b');
      if (!showsAll(exitCode, String(stdout))) continue;
      expect(exitCode).toBe(0);
      expect(stdout).toMatch(/^naive +[\d,]+ +[\d,]+ +[1-9]/m);
      for (const name of SAFE) expect(stdout).toContain(`${name}: ${CLEAN}`);
      return;
    }
    expect.fail(`Nothing was shown in ${SECONDS.join(', ')} s each.`);
  });

  test('--json prints the report alone on standard output, and leaves no file', async () => {
    const folder = temporaryFolder();
    const args = [...NAIVE, '--seconds', '0.3', '--seed', '7', '--json'];
    const { stdout, stderr } = await holdfast(args, { TMPDIR: folder }).ended;
    const report: RaceReport = JSON.parse(String(stdout));
    const measured = { p50: expect.any(Number), p99: expect.any(Number) };
    expect(report).toMatchObject({
      schema: 1,
      startedAt: expect.stringMatching(/^\d{4}-.*Z$/),
      environment: { node: process.version, kernel: expect.any(String), versions: { holdfast: expect.any(String) } },
      options: { strategies: ['naive'], readers: 6, writers: 2, seconds: 0.3, bytes: 71, access: 'read', seed: 7 },
      interrupted: false,
      strategies: [{ strategy: 'naive', sigbus: 0, firstDeathMs: null, readLatency: measured, writeLatency: measured }],
    });
    for (const count of ['reads', 'writes', 'empty', 'torn', 'lost', 'errors', 'readsPerSecond', 'writesPerSecond']) {
      expect(report.strategies[0]).toHaveProperty(count, expect.any(Number));
    }
    expect(report.strategies[0]?.timeline.at(-1)).toEqual({
      atMs: expect.any(Number),
      reads: report.strategies[0]?.reads,
      writes: report.strategies[0]?.writes,
      sigbus: 0,
      empty: report.strategies[0]?.empty,
      torn: report.strategies[0]?.torn,
      errors: report.strategies[0]?.errors,
      fileBytes: expect.any(Number),
      sizes: {
        looks: expect.any(Number),
        empty: expect.any(Number),
        least: expect.any(Number),
        most: expect.any(Number),
      },
      deaths: [],
    });
    const lives = report.strategies[0]?.lives ?? [];
    expect(lives.map(({ process: place, end }) => [place, end]).sort()).toEqual([
      ...[1, 2, 3, 4, 5, 6].map((number) => [`reader ${number}`, 'stopped']),
      ...[1, 2].map((number) => [`writer ${number}`, 'stopped']),
    ]);
    expect(stderr).toMatch(/^naive +[\d,]+/m);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe.skipIf(process.platform !== 'linux')('no process outlives a race', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s ends it: the table is printed, the report saved, nothing is left', async (signal, status) => {
    const folder = temporaryFolder();
    const reportPath = join(temporaryFolder(), 'report.json');
    const race = holdfast([...NAIVE, '--seconds', '60', '--output', reportPath], { TMPDIR: folder });
    const children = await underWay(race, folder);
    // A terminal sends Ctrl-C to all of its processes.
    if (signal === 'SIGINT') for (const pid of children) process.kill(pid, signal);
    race.kill(signal);
    const { exitCode, stdout } = await race.ended;
    expect(exitCode).toBe(status);
    expect(stdout).toMatch(/^naive +[\d,]+ +[\d,]+ +0/m);
    expect(stdout).toMatch(/^naive (gave|lost|showed nothing) /m);
    expect(JSON.parse(readFileSync(reportPath, 'utf8'))).toMatchObject({ schema: 1, interrupted: true });
    expect(children.filter((pid) => !isGone(pid))).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('SIGKILL of the supervisor ends its processes too, while they race', async () => {
    const folder = temporaryFolder();
    const race = holdfast([...NAIVE, '--seconds', '60'], { TMPDIR: folder });
    const children = await underWay(race, folder);
    race.kill('SIGKILL');
    await race.ended;
    await eventually(() => children.every(isGone));
  });

  test('SIGKILL of the supervisor ends its processes too, while they start', async () => {
    const race = holdfast([...NAIVE, '--seconds', '60'], { TMPDIR: temporaryFolder() });
    let children: number[] = [];
    await eventually(() => {
      children = childrenOf(race.pid);
      return children.length > 0;
    });
    race.kill('SIGKILL');
    await race.ended;
    await eventually(() => children.every(isGone));
  });
});
