import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type DiagnoseReport, diagnose } from '../../../src/diagnose/index.js';
import { temporaryFolder } from '../../helpers/folder.js';
import { needs } from '../../helpers/needs.js';
import { pythonItself, strace } from '../../helpers/strace.js';

const STORY = fileURLToPath(new URL('../../processes/story.py', import.meta.url));
/** The interpreter itself: what is called `python3` may be a script that looks for it. */
const PYTHON = needs('python3') ? pythonItself() : 'python3';
/** Without it a stack for each of ten thousand calls is printed: minutes. Some are left out that are not needed, as a user would. */
const FEWER = ['-e', 'trace=file,desc,memory,process'];

const OPTIONS: readonly (readonly string[])[] = [
  [],
  ['-y'],
  ['-yy'],
  ['-Y'],
  ['-s', '0'],
  ['-s', '4096'],
  ['-t'],
  ['-tt'],
  ['-ttt'],
  ['-r'],
  ['-T'],
  ['-tt', '-r'],
  ['-n'],
  ['-i'],
  ['-X', 'verbose'],
  ['-X', 'raw', '-y'],
  ['-v', '-x'],
  ['-q', '-a', '0'],
  ['-y', '-s', '8', '-ttt', '-r', '-T'],
  ['-k', ...FEWER],
];

/** What is the same in every run: not the ids, the addresses and the line numbers. Processes are called by the order of their roles. */
function essence({ findings }: DiagnoseReport, folder: string) {
  const numbers = new Map<number, number>();
  const number = (pid: number | undefined) => {
    if (pid === undefined) return undefined;
    if (!numbers.has(pid)) numbers.set(pid, numbers.size + 1);
    return numbers.get(pid);
  };
  return findings.map(({ kind, path, victim, culprit, reader, writer, count, timeline }) => ({
    kind,
    path: path?.replace(folder, ''),
    roles: [victim, culprit, reader, writer].map((party) => number(party?.pid)),
    locks: [victim, culprit, reader, writer].map((party) => party?.lock),
    died: victim?.died,
    length: victim?.mapping?.length,
    count,
    steps: timeline.map((step) => `${number(step.pid)} ${step.role} ${step.kind} ${step.call.split(/[({]/)[0]}`),
  }));
}

const EXPECTED = [
  { kind: 'sigbus-after-truncate', path: '/other' },
  { kind: 'unlocked-reader', path: '/data' },
  { kind: 'lock-after-truncate', path: '/data' },
];

describe.skipIf(!needs('strace', 'python3'))('one program gives the same findings', () => {
  let first: ReturnType<typeof essence> | undefined;

  const same = (report: DiagnoseReport, folder: string) => {
    const found = essence(report, folder);
    expect(found).toMatchObject(EXPECTED);
    first ??= found;
    expect(found).toEqual(first);
  };

  test.each(OPTIONS.map((options) => [options.join(' '), options] as const))('-f -o LOG %s', async (_, options) => {
    const folder = temporaryFolder();
    const path = join(folder, 'trace');
    await strace(['-f', '-o', path, ...options], [PYTHON, '-I', '-S', STORY, folder]);
    const report = await diagnose([path]);
    same(report, folder);
    expect(report).toMatchObject({ order: 'exact', logs: [{ format: 'strace', garbage: 0 }] });
  });

  test.each(OPTIONS.map((options) => [options.join(' '), options] as const))(
    '-f, with [pid N], %s',
    async (_, options) => {
      const folder = temporaryFolder();
      const text = await strace(['-f', ...options], [PYTHON, '-I', '-S', STORY, folder]);
      expect(text).toContain('[pid');
      same(await diagnose([{ name: 'standard error', chunks: [text] }]), folder);
    },
  );

  test.each(OPTIONS.map((options) => [options.join(' '), options] as const))(
    '-ff -o LOG, a file for each, %s',
    async (_, options) => {
      const folder = temporaryFolder();
      await strace(['-ff', '-o', join(folder, 'trace'), ...options], [PYTHON, '-I', '-S', STORY, folder]);
      const logs = readdirSync(folder).filter((name) => name.startsWith('trace.'));
      expect(logs.length).toBe(6);
      const report = await diagnose(logs.map((name) => join(folder, name)));
      same(report, folder);
      const clock =
        options.includes('-tt') || options.includes('-ttt') ? 'exact' : options.includes('-t') ? 'seconds' : 'unknown';
      expect(report.order).toBe(clock);
    },
  );

  test('cut into chunks anywhere', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'trace');
    await strace(['-f', '-o', path], [PYTHON, '-I', '-S', STORY, folder]);
    const bytes = readFileSync(path);
    const chunks = [];
    for (let at = 0; at < bytes.length; at += 997) chunks.push(bytes.subarray(at, at + 997));
    expect(essence(await diagnose([{ name: 'chunks', chunks }]), folder)).toEqual(
      essence(await diagnose([path]), folder),
    );
  });
});
