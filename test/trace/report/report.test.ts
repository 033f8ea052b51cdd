import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AccessLine, How, LockState } from '../../../src/trace/record/access.js';
import { reportTrace } from '../../../src/trace/report/report.js';
import { temporaryFolder } from '../../helpers/folder.js';

const SITES = {
  reader: { file: '/app/reader.js', line: 3, column: 5, function: 'read' },
  writer: { file: '/app/writer.js', line: 7, column: 9 },
};

/** An access, as `how lock [path]`: by `reader.js` where it reads, by `writer.js` where it does not. */
function access(text: string): AccessLine {
  const [how, lock, path = '/data/a.json'] = text.split(' ') as [How, LockState, string?];
  const site = how === 'read' || how === 'map' ? SITES.reader : SITES.writer;
  return { kind: 'access', time: 1, path, how, call: `fs.${how}`, lock, site };
}

function header(pid: number): object {
  return { kind: 'process', schema: 1, pid, parentPid: 1, thread: 0, time: pid, script: '/app/main.js', patterns: [] };
}

/** The logs of processes, each a list of accesses. */
function logs(...processes: (string | object)[][]): string {
  const directory = temporaryFolder();
  processes.forEach((lines, index) => {
    const pid = 100 + index;
    const values = [header(pid), ...lines.map((line) => (typeof line === 'string' ? access(line) : line))];
    writeFileSync(join(directory, `${index}.jsonl`), values.map((value) => `${JSON.stringify(value)}\n`).join(''));
  });
  return directory;
}

async function kinds(...processes: (string | object)[][]): Promise<string[]> {
  const { findings } = await reportTrace(logs(...processes));
  return findings.map(({ kind, withoutLock, accesses }) => `${kind} ${withoutLock}/${accesses}`);
}

describe('found, where a file is changed in place', () => {
  test.each<[string, string[], string[]]>([
    ['a reader without the lock', ['truncate exclusive', 'read none'], ['unlocked-reader 1/1']],
    ['a reader that locks only sometimes', ['write exclusive', 'read none', 'read shared'], ['unlocked-reader 1/2']],
    ['a mapping without the lock', ['append exclusive', 'map none'], ['unlocked-reader 1/1']],
    ['a writer without the lock', ['truncate none', 'read shared'], ['unlocked-writer 1/1']],
    ['a writer with the shared lock', ['write shared', 'read shared'], ['unlocked-writer 1/1']],
    ['who makes the file that others rewrite', ['create none', 'truncate exclusive'], ['unlocked-writer 1/2']],
    ['files made anew under their own name', ['create none', 'remove none', 'create none'], ['unlocked-writer 2/2']],
  ])('%s', async (_name, lines, found) => {
    expect(await kinds(lines)).toEqual(found);
  });
});

describe('not found', () => {
  test.each<[string, string[]]>([
    ['readers and writers that lock', ['truncate exclusive', 'read shared', 'map exclusive', 'write exclusive']],
    ['readers of published files', ['publish none', 'read none', 'publish none', 'map none']],
    ['a temporary file, and what it becomes', temporary().concat(temporary(), ['read none /data/a.json'])],
    ['a file that is made once', ['create none', 'fill none', 'read none']],
    ['a file that is removed', ['truncate exclusive', 'remove none', 'move none']],
    ['a lock that nobody can see', ['truncate unknown', 'read unknown']],
    ['another file that is changed in place', ['truncate exclusive /data/b.json', 'read none /data/a.json']],
  ])('%s', async (_name, lines) => {
    expect(await kinds(lines)).toEqual([]);
  });
});

function temporary(): string[] {
  return ['create none /data/a.tmp', 'fill none /data/a.tmp', 'move none /data/a.tmp', 'publish none /data/a.json'];
}

test('what one process changes is a finding for the readers of another', async () => {
  const report = await reportTrace(logs(['read none', 'read none'], ['truncate exclusive'], ['read none']));
  expect(report.findings).toHaveLength(1);
  expect(report.findings[0]).toMatchObject({
    kind: 'unlocked-reader',
    site: SITES.reader,
    paths: [{ path: '/data/a.json', withoutLock: 3, accesses: 3 }],
    pids: [100, 102],
    othersLock: true,
  });
  expect(report.findings[0]?.message).toBe(
    '/app/reader.js:3 reads /data/a.json without its lock (3 of 3 times), though others lock it.',
  );
  expect(report.threads.map(({ pid, accesses }) => [pid, accesses])).toEqual([
    [100, 2],
    [101, 1],
    [102, 1],
  ]);
});

test('a line that reads many files is one finding, the one with the most accesses first', async () => {
  const lines = ['a', 'b', 'b', 'c'].flatMap((name) => [`truncate exclusive /${name}`, `read none /${name}`]);
  const { findings } = await reportTrace(logs(lines));
  expect(findings.map(({ paths }) => paths.map(({ path }) => path))).toEqual([['/b', '/a', '/c']]);
});

test('the example is a request that led to an access without the lock', async () => {
  const request = (url: string) => ({ request: { method: 'GET', url } });
  const { findings } = await reportTrace(
    logs([
      'truncate exclusive',
      { ...access('read shared'), ...request('/locked') },
      { ...access('read none'), ...request('/guilty') },
      { ...access('read none'), ...request('/too') },
    ]),
  );
  expect(findings[0]?.request).toEqual({ method: 'GET', url: '/guilty' });
});

test('an access that outlived its lock is counted once, and told apart', async () => {
  const late = { ...access('read none'), late: true };
  const { findings, accesses } = await reportTrace(logs(['write exclusive', 'read shared', late, 'read shared']));
  expect(accesses).toBe(3);
  expect(findings).toMatchObject([{ accesses: 2, withoutLock: 1, late: 1 }]);
  expect(findings[0]?.advice).toMatch(/missing await/);
});

test('a process that was killed has no exit status, and a line cut short is counted', async () => {
  const directory = logs(['truncate exclusive', 'read none'], [{ kind: 'exit', time: 2, status: 3 }]);
  appendFileSync(join(directory, '0.jsonl'), '{"kind":"access","time":5,"pa');
  const { threads, unreadableLines, findings } = await reportTrace(directory);
  expect(threads.map(({ exitStatus }) => exitStatus)).toEqual([undefined, 3]);
  expect({ unreadableLines, findings: findings.length }).toEqual({ unreadableLines: 1, findings: 1 });
});

test('no line is too strange', async () => {
  const field = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom('access', 'process', 'exit', 'read', 'truncate', 'none', 1, '/a'),
  );
  const names = ['kind', 'time', 'path', 'how', 'call', 'lock', 'site', 'request', 'schema', 'pid', 'status', 'late'];
  const strange = fc.oneof(
    fc.string(),
    fc.jsonValue().map((value) => JSON.stringify(value)),
    fc
      .dictionary(fc.constantFrom(...names), field)
      .map((value) => JSON.stringify({ ...access('read none'), ...value })),
  );
  const directory = temporaryFolder();
  await fc.assert(
    fc.asyncProperty(fc.array(strange), async (lines) => {
      writeFileSync(join(directory, '1.jsonl'), lines.join('\n'));
      const { accesses, unreadableLines } = await reportTrace(directory);
      expect(accesses + unreadableLines).toBeLessThanOrEqual(lines.join('\n').split('\n').length);
    }),
  );
});

describe('a directory without a trace', () => {
  test('that is missing is ENOENT', async () => {
    await expect(reportTrace(join(temporaryFolder(), 'none'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('that is empty is ERR_INVALID_ARGUMENT', async () => {
    const directory = join(temporaryFolder(), 'empty');
    mkdirSync(directory);
    await expect(reportTrace(directory)).rejects.toMatchObject({ code: 'ERR_INVALID_ARGUMENT', path: directory });
  });
});
