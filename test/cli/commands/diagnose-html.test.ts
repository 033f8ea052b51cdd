import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { DiagnoseReport } from '../../../src/diagnose/index.js';
import { holdfast } from '../../helpers/cli.js';
import { temporaryFolder } from '../../helpers/folder.js';

/** The accident as strace shows it, with a name that would be a script. */
const LOG = `
100 1700000000.000001 openat(AT_FDCWD, "/tmp/<script>x", O_RDONLY) = 5
100 1700000000.000002 fstat(5, {st_mode=S_IFREG|0644, st_size=71, ...}) = 0
100 1700000000.000003 mmap(NULL, 71, PROT_READ, MAP_SHARED, 5, 0) = 0x7f0000001000
200 1700000000.000004 openat(AT_FDCWD, "/tmp/<script>x", O_WRONLY|O_CREAT|O_TRUNC, 0666) = 6
100 1700000000.000005 --- SIGBUS {si_signo=SIGBUS, si_code=BUS_ADRERR, si_addr=0x7f0000001000} ---
100 1700000000.000006 +++ killed by SIGBUS +++
`;

test('holdfast diagnose --html writes a page with what --json says', async () => {
  const folder = temporaryFolder();
  const [logPath, pagePath] = [join(folder, 'trace.log'), join(folder, 'page.html')];
  writeFileSync(logPath, LOG.trimStart());
  const { stdout, exitCode } = await holdfast(['diagnose', logPath, '--html', pagePath, '--json']).ended;
  expect(exitCode).toBe(1);
  const { findings }: DiagnoseReport = JSON.parse(stdout);
  expect(findings.map(({ kind }) => kind)).toContain('sigbus-after-truncate');
  const page = readFileSync(pagePath, 'utf8');
  expect(page).toMatch(/^<!doctype html>/);
  expect(page).not.toMatch(/<script|https?:/);
  expect([...page.matchAll(/id="finding-\d+" data-kind="([^"]*)"/g)].map(([, kind]) => kind)).toEqual(
    findings.map(({ kind }) => kind),
  );
});

test('holdfast diagnose --html tells before the work that the page cannot be written', async () => {
  const log = join(temporaryFolder(), 'trace.log');
  writeFileSync(log, LOG.trimStart());
  for (const [file, message] of [
    ['/nonexistent/holdfast/page.html', /ENOENT/],
    ['-', /Expected a file, whose name/],
  ] as const) {
    const { exitCode, stdout, stderr } = await holdfast(['diagnose', log, '--html', file]).ended;
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(message);
  }
});
