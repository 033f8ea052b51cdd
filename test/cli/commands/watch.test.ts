import { truncateSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { holdfast } from '../../helpers/cli.js';
import { temporaryFolder } from '../../helpers/folder.js';
import { run } from '../../helpers/run.js';

/** The file of a writer that is at work. */
async function rewritten(how: 'truncate' | 'rename'): Promise<string> {
  const path = `${temporaryFolder()}/file`;
  await run('rewrite.mjs', [path, how]).said('writing');
  return path;
}

describe('holdfast watch', () => {
  test('ends with 1 where a file was seen empty, with a line for each event and a histogram', async () => {
    const path = `${temporaryFolder()}/file`;
    writeFileSync(path, 'content');
    const watch = holdfast(['watch', '--seconds', '5', path]);
    await watch.said(/^ +0\.\d{6} s {2}.*\/file {2}7 bytes, inode \d+$/);
    truncateSync(path);
    await watch.said(/\/file {2}7 -> 0 bytes, in place$/);
    writeFileSync(path, 'more');
    const { exitCode, stdout, stderr } = await watch.ended;
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: '' });
    expect(stdout).toMatch(/\/file {2}had 0 bytes for [\d.]+ (µs|ms|s)$/m);
    expect(stdout).toMatch(/^.*\/file became empty once, for up to .* dies of SIGBUS/m);
    expect(stdout).toMatch(/^ +0 bytes +1 /m);
    expect(stdout).toMatch(/^ +at 0 bytes for +times\n +less than \d+ m?s +1 /m);
  });

  test('prints a part of the events of a file that has many', async () => {
    const watch = holdfast(['watch', await rewritten('rename')]);
    await watch.said(/\/file {2}\.\.\. and [\d,]+ events? more in this second$/);
    watch.kill('SIGINT');
    expect((await watch.ended).exitCode).toBe(130);
  });

  test('ends with 0 where versions are published', async () => {
    const path = await rewritten('rename');
    const { exitCode, stdout } = await holdfast(['watch', '--seconds', '2', path]).ended;
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/was replaced [\d,]+ times, by a new inode; it was not seen to shrink or to be empty/);
    expect(stdout).not.toContain('0 bytes for');
  });

  test('--json prints events as lines, and the summary as the last one', async () => {
    const path = await rewritten('truncate');
    const watch = holdfast(['watch', '--json', path]);
    await watch.said(/"kind":"resized".*"to":0/);
    watch.kill('SIGINT');
    const { stdout } = await watch.ended;
    const lines = stdout.split('\n').map((line) => JSON.parse(line));
    expect(lines[0]).toMatchObject({ kind: 'begin', path, bytes: expect.any(Number), inode: expect.any(Number) });
    const summary = lines.at(-1);
    expect(summary).toMatchObject({ schema: 1, kind: 'summary', interrupted: true, found: true, dropped: 0 });
    const [file] = summary.files;
    const ofKind = (kind: string) => lines.filter((line) => line.kind === kind);
    expect(ofKind('resized')).toHaveLength(file.resized);
    expect(ofKind('empty')).toHaveLength(file.empty.moments);
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s ends it with its summary', async (signal, status) => {
    const path = `${temporaryFolder()}/file`;
    writeFileSync(path, 'content');
    const watch = holdfast(['watch', '--json', path]);
    await watch.said(/"kind":"begin"/);
    watch.kill(signal);
    const { exitCode, stdout } = await watch.ended;
    expect(exitCode).toBe(status);
    expect(JSON.parse(stdout.split('\n').at(-1) ?? '')).toMatchObject({
      kind: 'summary',
      interrupted: true,
      found: false,
    });
  });

  test('prints no control characters from paths', async () => {
    const path = `${temporaryFolder()}/\u001b[31mred\nline`;
    writeFileSync(path, 'content');
    for (const flags of [[], ['--json']]) {
      const { exitCode, stdout } = await holdfast(['watch', ...flags, '--seconds', '0.05', path]).ended;
      expect(exitCode).toBe(0);
      expect(stdout).toContain('\\u001b[31mred\\');
      expect(stdout).not.toContain('\u001b');
    }
  });

  test('wrong use ends with 2', async () => {
    const folder = temporaryFolder();
    const wrong: [string[], RegExp][] = [
      [[], /missing required argument/],
      [[folder], /Expected a regular file/],
      [[`${folder}/nowhere/file`], /ENOENT/],
      [['--seconds', '0', `${folder}/file`], /number of seconds above 0/],
      [['--seconds', 'soon', `${folder}/file`], /number of seconds above 0/],
    ];
    for (const [args, message] of wrong) {
      const { exitCode, stdout, stderr } = await holdfast(['watch', ...args]).ended;
      expect({ args, exitCode, stdout }).toEqual({ args, exitCode: 2, stdout: '' });
      expect(stderr).toMatch(message);
    }
  });
});
