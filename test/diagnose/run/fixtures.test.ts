import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type DiagnoseReport, diagnose } from '../../../src/diagnose/index.js';
import { gist } from './read-text.js';

const FIXTURES = fileURLToPath(new URL('../../fixtures/diagnose/', import.meta.url));

async function diagnoseFixture(name: string): Promise<DiagnoseReport> {
  const folder = join(FIXTURES, name);
  return diagnose(readdirSync(folder).map((file) => join(folder, file)));
}

const garbageIn = ({ logs }: DiagnoseReport) => logs.reduce((sum, { garbage }) => sum + garbage, 0);

describe('the story, as strace wrote it in each format', () => {
  test.each([
    ['one-file', 'exact'],
    ['one-file-everything', 'exact'],
    ['standard-error', 'exact'],
    ['stacks', 'exact'],
    ['cut-lines', 'exact'],
    ['cut-lines-stacks', 'exact'],
    ['numbers', 'exact'],
    ['file-per-process', 'unknown'],
    ['file-per-process-seconds', 'seconds'],
    ['file-per-process-times', 'exact'],
  ])('%s', async (name, order) => {
    const report = await diagnoseFixture(name);
    const { findings } = report;
    expect(findings.map(({ kind, path }) => [kind, path])).toEqual([
      ['sigbus-after-truncate', '/srv/app/other'],
      ['unlocked-reader', '/srv/app/data'],
      ['lock-after-truncate', '/srv/app/data'],
    ]);
    const [death, reader, late] = findings;
    // The first process is the victim, its children have rising ids: rewrites, reads, reads without the lock, locks late, empties.
    const first = death?.victim?.pid ?? 0;
    const others = [reader?.writer?.pid, reader?.reader?.pid, late?.culprit?.pid, death?.culprit?.pid].map(Number);
    expect([first, ...others]).toEqual([first, ...others].sort((one, other) => one - other));
    expect(death?.victim).toMatchObject({ died: true, mapping: { length: 71 }, lock: 'none' });
    expect(death?.culprit?.call).toBe('truncate("/srv/app/other", 0) = 0');
    expect({ order: report.order, garbage: garbageIn(report) }).toEqual({ order, garbage: 0 });
  });
});

describe('old and strange logs', () => {
  const DEATH = { kind: 'sigbus-after-truncate', path: '/srv/app/cache', victim: 4242, culprit: 4240 };
  const STRANGE = '/srv/app/a "b", O_TRUNC) = 7\n\té\\';

  test.each([
    ['old-kernel', [{ ...DEATH, path: '/srv/app/cache.php' }]],
    ['very-old-strace', [{ ...DEATH, path: '/srv/app/cache.php' }]],
    ['interrupted', [DEATH]],
    ['container', [{ ...DEATH, culprit: 4250 }]],
    [
      'strange-paths',
      [
        { ...DEATH, path: STRANGE },
        { kind: 'truncate-under-mapping', path: '/srv/app/very/long/pa...', victim: 4242, culprit: 4240 },
      ],
    ],
    ['threads', [{ kind: 'unlocked-reader', path: '/srv/app/data', reader: 4242, writer: 4250 }]],
  ])('%s', async (name, expected) => {
    const report = await diagnoseFixture(name);
    expect(report.findings.map(gist)).toEqual(expected);
    expect(garbageIn(report)).toBe(0);
  });

  test('threads: it is the second read of the second thread', async () => {
    const [finding] = (await diagnoseFixture('threads')).findings;
    expect(finding).toMatchObject({ count: 1, reader: { pid: 4242, tid: 4243, line: 22 } });
  });
});

describe('audit logs', () => {
  test('raw: by program and parent, with flags, command line and rate', async () => {
    const report = await diagnoseFixture('audit-raw');
    expect(report.logs).toMatchObject([{ format: 'audit', garbage: 1 }]);
    expect(report.writers).toMatchObject([
      {
        path: '/srv/app/cache.php',
        program: '/usr/sbin/php-fpm8.2',
        manners: ['truncate'],
        count: 2,
        audit: {
          ppid: 900,
          comm: 'php-fpm',
          proctitle: 'php-fpm: pool www',
          pids: [950, 951],
          syscalls: ['openat'],
          flags: ['O_WRONLY', 'O_CREAT', 'O_TRUNC'],
          firstMs: 1_795_468_490_000,
          lastMs: 1_795_468_520_000,
          perMinute: 2,
        },
      },
      {
        path: '/srv/app/cache.php',
        manners: ['publish'],
        audit: {
          comm: 'node app',
          proctitle: 'node app.js --cache=/srv/app',
          syscalls: ['rename'],
          flags: [],
          perMinute: null,
        },
      },
      { path: '/srv/appé/x y', manners: ['truncate'], audit: { comm: 'truncate', syscalls: ['truncate'] } },
    ]);
    expect(report.findings.map(gist)).toEqual([
      { kind: 'torn-read-risk', path: '/srv/app/cache.php', writer: 950 },
      { kind: 'torn-read-risk', path: '/srv/appé/x y', writer: 830 },
    ]);
    expect(report.findings[0]?.message).toContain('2 times a minute');
    expect(report.findings[0]?.message).toContain('2 programs write this file');
    expect(report.findings[1]?.message).toContain('It is the only program that writes this file');
  });

  test('enriched: names in clear text, creat, openat2', async () => {
    const { writers, findings } = await diagnoseFixture('audit-enriched');
    expect(
      writers.map(({ path, manners, audit }) => [path, manners, audit?.syscalls, audit?.flags, audit?.proctitle]),
    ).toEqual([
      ['/srv/app/cache', ['truncate'], ['creat'], ['O_WRONLY', 'O_CREAT', 'O_TRUNC'], 'writer'],
      ['/srv/app/cache', ['append'], ['openat2'], ['O_WRONLY', 'O_APPEND'], undefined],
    ]);
    expect(findings.map(gist)).toEqual([{ kind: 'torn-read-risk', path: '/srv/app/cache', writer: 950 }]);
  });

  test('ausearch: records in reverse, two programs, one reader', async () => {
    const { writers, readers, findings, logs } = await diagnoseFixture('ausearch');
    expect(logs).toMatchObject([{ format: 'audit', garbage: 0 }]);
    expect(writers.map(({ audit }) => [audit?.comm, audit?.ppid, audit?.proctitle])).toEqual([
      ['php', 900, 'php write.php'],
      ['sh', 901, 'sh -c echo'],
    ]);
    expect(readers).toMatchObject([{ pid: 952, manners: ['read'], audit: { flags: ['O_RDONLY', 'O_CLOEXEC'] } }]);
    expect(findings).toHaveLength(1);
    expect(findings[0]?.message).toContain('2 programs write this file');
  });

  test('ausearch -i: values in clear text, with spaces', async () => {
    const { writers, findings } = await diagnoseFixture('ausearch-interpreted');
    expect(writers).toMatchObject([
      {
        path: '/srv/app/cache',
        count: 2,
        audit: {
          comm: 'php worker',
          proctitle: 'php -d a=b write.php',
          flags: ['O_WRONLY', 'O_CREAT', 'O_TRUNC'],
          perMinute: 1,
        },
      },
    ]);
    expect(findings.map(gist)).toEqual([{ kind: 'torn-read-risk', path: '/srv/app/cache', writer: 950 }]);
  });
});
