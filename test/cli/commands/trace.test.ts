import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { holdfast } from '../../helpers/cli.js';
import { temporaryFolder } from '../../helpers/folder.js';

/** A script that rewrites `data.json` beside it in place, and what else it is to do. */
function script(...lines: string[]) {
  const folder = temporaryFolder();
  const path = join(folder, 'app.cjs');
  const start = ["const fs = require('node:fs');", "const path = __filename.replace('app.cjs', 'data.json');"];
  writeFileSync(path, [...start, ...lines].join('\n'));
  const directory = join(folder, 'trace');
  const options = ['--directory', directory, '--files', join(folder, '*.json'), '--'];
  return {
    path,
    directory,
    trace: (...args: string[]) => holdfast(['trace', ...options, path, ...args]),
    command: (...command: string[]) => holdfast(['trace', ...options, ...command]),
    report: (...args: string[]) => holdfast(['trace', 'report', ...args, directory]).ended,
  };
}

const REWRITES = "for (const text of ['old', 'new']) fs.writeFileSync(path, text);";

describe('holdfast trace ends as the program does', () => {
  test.each([
    ['process.exit(0)', 0],
    ['process.exit(7)', 7],
    ['throw new Error("wrong")', 1],
    ["process.kill(process.pid, 'SIGBUS')", 135],
  ])('%s: %i', async (line, status) => {
    const { exitCode, stderr } = await script(line).trace().ended;
    expect(exitCode).toBe(status);
    expect(stderr).toMatch(/traced; for what was seen: holdfast trace report/);
    if (status === 135) expect(stderr).toMatch(/the program was killed by SIGBUS/);
  });

  test('its output, its arguments and its environment are the program’s own', async () => {
    const app = script(
      'console.log(process.argv.slice(2).join(), process.execArgv.length, process.argv[1] === __filename)',
    );
    expect(await app.trace('--port', '80', '--', 'x').ended).toMatchObject({
      exitCode: 0,
      stdout: '--port,80,--,x 0 true',
    });
  });

  test('a command that starts Node is traced too', async () => {
    const app = script(REWRITES);
    expect(await app.command('sh', '-c', `node "${app.path}"; exit 4`).ended).toMatchObject({ exitCode: 4 });
    expect(await app.report()).toMatchObject({ exitCode: 1 });
  });

  test('a signal is handed on, and the program decides', async () => {
    const app = script(
      "process.on('SIGTERM', () => process.exit(5)); console.log('ready'); setInterval(() => {}, 1e6);",
    );
    const running = app.trace();
    await running.said('ready');
    running.kill('SIGTERM');
    expect(await running.ended).toMatchObject({ exitCode: 5 });
  });
});

describe('holdfast trace report', () => {
  test('1: the first table is the accesses without the lock, by line', async () => {
    const app = script(REWRITES, 'function look() {', '  fs.readFileSync(path);', '}', 'look();', 'look();');
    await app.trace().ended;
    const { exitCode, stdout, stderr } = await app.report();
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: '' });
    const lines = stdout.split('\n').map((line) => line.replace(/ +/g, ' ').trim());
    expect(lines[1]).toBe('Accesses without the lock, of files that are changed in place');
    expect(lines[3]).toBe('without of how line of the program file example request');
    expect(lines[4]).toMatch(/^2 2 create, truncate \S+app\.cjs:3:\d+ \S+data\.json -$/);
    expect(lines[5]).toMatch(/^2 2 read \S+app\.cjs:5:\d+ look \S+data\.json -$/);
    expect(stdout).toMatch(/app\.cjs:5 reads \S+data\.json without its lock \(2 of 2 times\), and nobody locks it\./);
    expect(stdout).toMatch(/4 accesses to 1 file, 1 of them changed in place, by 1 process \(1 thread\)\./);
  });

  test('0: nothing was changed in place', async () => {
    const app = script('fs.writeFileSync(path, "made once");', 'fs.readFileSync(path);');
    await app.trace().ended;
    const { exitCode, stdout } = await app.report();
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/Nothing was changed in place: readers need no lock\./);
  });

  test('--json is one object, with schema 1, and nothing else', async () => {
    const app = script(REWRITES);
    await app.trace().ended;
    const { exitCode, stdout } = await app.report('--json');
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      schema: 1,
      findings: [{ kind: 'unlocked-writer', site: { file: app.path, line: 3 }, withoutLock: 2, accesses: 2 }],
      files: [{ changedInPlace: true }],
      threads: [{ thread: 0, script: app.path, exitStatus: 0 }],
      accesses: 2,
      unreadableLines: 0,
    });
  });

  test('the dead are named', async () => {
    const app = script(REWRITES, "process.kill(process.pid, 'SIGKILL')");
    expect(await app.trace().ended).toMatchObject({ exitCode: 137 });
    expect((await app.report()).stdout).toMatch(
      /No word of their end, so killed or still running: \d+ after 2 accesses\./,
    );
  });

  test.each([[[]], [['--json']]])('control characters of a log are not printed %j', async (options) => {
    const app = script();
    mkdirSync(app.directory);
    const evil = '/x\u001b[31m\u0007\u202e\n';
    const access = { kind: 'access', time: 1, path: evil, call: evil, lock: 'none' };
    const lines = [
      { kind: 'process', schema: 1, time: 1, pid: 1, parentPid: 1, thread: 0, script: evil, patterns: [] },
      { ...access, how: 'truncate', site: { file: evil, line: 1, column: 1, function: evil } },
      { ...access, how: 'read', request: { method: evil, url: evil } },
    ];
    writeFileSync(join(app.directory, '1.jsonl'), lines.map((line) => JSON.stringify(line)).join('\n'));
    const { exitCode, stdout } = await app.report(...options);
    expect(exitCode).toBe(1);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
  });
});

describe('wrong use ends with status 2, a message on standard error and nothing on standard output', () => {
  const empty = () => temporaryFolder();
  const full = () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'holdfast-trace'));
    writeFileSync(join(folder, 'holdfast-trace/1.jsonl'), '');
    return folder;
  };
  test.each<[string, () => string[], RegExp]>([
    ['no command', () => ['trace', '--files', 'x'], /missing required argument 'command'/],
    ['no globs', () => ['trace', '--', 'app.js'], /Nothing says which files to watch/],
    [
      'a command that is not there',
      () => ['trace', '--directory', empty(), '--files', 'x', '--', 'no-such-command'],
      /ENOENT/,
    ],
    [
      'a directory that cannot be',
      () => ['trace', '--directory', '/dev/null/x', '--files', 'x', '--', 'true'],
      /ENOTDIR/,
    ],
    [
      'an option for a directory',
      () => ['trace', '--directory', '--files', 'x', '--', 'true'],
      /Expected a directory, whose name does not begin with "-"/,
    ],
    ['an unknown option', () => ['trace', '--nope', '--', 'app.js'], /unknown option '--nope'/],
    ['no directory', () => ['trace', 'report'], /missing required argument 'directory'/],
    ['an unknown option of report', () => ['trace', 'report', '--nope', 'x'], /unknown option '--nope'/],
    ['a directory that is missing', () => ['trace', 'report', '/nonexistent/trace'], /ENOENT/],
    ['a directory without logs', () => ['trace', 'report', empty()], /Expected a directory with logs of a trace/],
    [
      'a log without accesses',
      () => ['trace', 'report', join(full(), 'holdfast-trace')],
      /none of which accessed a watched file/,
    ],
  ])('%s', async (_name, args, message) => {
    const { exitCode, stdout, stderr } = await holdfast(args(), { HOLDFAST_TRACE: '' }).ended;
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });
});
