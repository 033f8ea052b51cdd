import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { decodeEntry } from '../../../src/cache/read/fresh.js';
import { encode } from '../../../src/cache/write/encode.js';
import { cacheForTest, has, noted, put } from '../../helpers/cache.js';
import { MAIN } from '../../helpers/cli.js';
import { temporaryFolder } from '../../helpers/folder.js';
import { skipWithoutKoffi } from '../../helpers/with-koffi.js';

skipWithoutKoffi();

const COMMANDS = ['ls', 'get', 'set', 'rm', 'clear', 'stats', 'verify', 'prune'];

/** How it ended, with what it wrote as it was written. */
async function holdfast(
  args: string[],
  input: string | Buffer = '',
): Promise<{ exitCode: number | undefined; stdout: string; stderr: string }> {
  const { exitCode, stdout, stderr } = await execa(process.execPath, [MAIN, ...args], {
    reject: false,
    input,
    stripFinalNewline: false,
  });
  return { exitCode, stdout, stderr };
}

const fine = (stdout: string | RegExp) => ({
  exitCode: 0,
  stdout: typeof stdout === 'string' ? stdout : expect.stringMatching(stdout),
  stderr: '',
});

describe.each(['rename', 'flock'] as const)('a cache with strategy %s', (strategy) => {
  test('is written, read, listed and removed from', async () => {
    const core = cacheForTest({ strategy });
    const { directory } = core;
    expect(await holdfast(['set', directory, 'key', 'a value'])).toEqual(fine(''));
    expect(await holdfast(['get', directory, 'key'])).toEqual(fine('a value'));
    expect(core.storage.findSync(core.place('key'))).toMatchObject({ entry: { header: { codec: 'text' } } });
    expect(await holdfast(['ls', directory])).toEqual(fine(/^ +7 B +\d+ m?s +- {2}text {4}key\n$/));
    expect(await holdfast(['stats', directory])).toEqual(
      fine(new RegExp(`strategy {3}${strategy}\nentries {4}1\n[^]*\nsets {7}1\n`)),
    );
    expect(await holdfast(['verify', directory])).toEqual(fine(/^1 entry whole, .* B; 0 problems\n$/));
    expect(await holdfast(['rm', directory, 'key'])).toEqual(fine(''));
    expect(await holdfast(['get', directory, 'key'])).toEqual({ exitCode: 1, stdout: '', stderr: '' });
    expect(await holdfast(['rm', directory, 'key', 'no\u001bkey'])).toMatchObject({
      exitCode: 1,
      stdout: '',
      stderr: 'holdfast: not there: key\nholdfast: not there: no\\u001bkey\n',
    });
  });
});

describe('values', () => {
  test('of any codec are given out as they are stored', async () => {
    const core = cacheForTest({ codec: 'v8' });
    const place = core.place('key');
    core.storage.putSync(place, encode(core, place, new Map([[1, 2]]), {}));
    const found = core.storage.findSync(place);
    const payload = found.kind === 'entry' ? found.entry.payload.toString('base64') : '';
    const { stdout } = await execa(process.execPath, [MAIN, 'get', core.directory, 'key'], { encoding: 'buffer' });
    expect(Buffer.from(stdout).toString('base64')).toBe(payload);
    const json = await holdfast(['get', core.directory, 'key', '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({ key: 'key', codec: 'v8', encoding: 'base64', payload });
  });

  test('come from standard input, byte by byte', async () => {
    const { directory } = cacheForTest();
    const bytes = Buffer.from([0, 255, 10, 13, 10]);
    expect(await holdfast(['set', directory, 'key', '-', '--codec', 'bytes'], bytes)).toEqual(fine(''));
    const { stdout } = await execa(process.execPath, [MAIN, 'get', directory, '-'], {
      encoding: 'buffer',
      input: 'key\n',
      stripFinalNewline: false,
    });
    expect(Buffer.from(stdout)).toEqual(bytes);
  });

  test('large ones pass through a pipe whole', async () => {
    const core = cacheForTest();
    const value = 'x'.repeat(3_000_000);
    put(core, 'key', value);
    expect((await holdfast(['get', core.directory, 'key'])).stdout === value).toBe(true);
  });

  test('JSON is stored as services do', async () => {
    const core = cacheForTest({ codec: 'json' });
    const args = ['set', core.directory, 'key', '{ "a": [1] }', '--codec', 'json', '--ttl', '60', '--json'];
    expect(JSON.parse((await holdfast(args)).stdout)).toMatchObject({ key: 'key', codec: 'json' });
    const place = core.place('key');
    const found = core.storage.findSync(place);
    expect(found.kind === 'entry' && decodeEntry(core, place, found.entry)).toEqual({ value: { a: [1] } });
    const [listed = ''] = (await holdfast(['ls', core.directory, '--json'])).stdout.split('\n');
    const { createdAt, expiresAt } = JSON.parse(listed);
    expect(expiresAt - createdAt).toBe(60_000);
  });

  test('an expired one is none', async () => {
    const core = cacheForTest();
    put(core, 'key', 'value', 1);
    await delay(5);
    expect(await holdfast(['get', core.directory, 'key'])).toEqual({ exitCode: 1, stdout: '', stderr: '' });
    expect((await holdfast(['ls', core.directory])).stdout).toMatch(/ expired {2}text {4}key\n$/);
    expect((await holdfast(['prune', core.directory])).stdout).toMatch(/^Removed 1 expired entry, 0 temporary files, /);
    expect((await holdfast(['ls', core.directory])).stdout).toBe('');
  });
});

test('keys are printed as one line that a terminal only shows', async () => {
  const core = cacheForTest();
  put(core, 'a\u001b[2J\nb\\c\u009b\u202e\u2028d', 'value');
  const { stdout } = await holdfast(['ls', core.directory]);
  expect(stdout.slice(stdout.indexOf('a\\'))).toBe('a\\u001b[2J\\u000ab\\\\c\\u009b\\u202e\\u2028d\n');
  const json = await holdfast(['ls', core.directory, '--json']);
  expect(json.stdout).toMatch(/^[ -~]+\n$/);
  expect(JSON.parse(json.stdout).key).toBe('a\u001b[2J\nb\\c\u009b\u202e\u2028d');
});

test('keys for rm come from the lines of standard input', async () => {
  const core = cacheForTest();
  for (const key of ['one', 'two', 'three']) put(core, key, 'value');
  const { stdout, exitCode } = await holdfast(['rm', core.directory, '-', '--json'], 'one\ntwo\nfour\n');
  expect({ exitCode, report: JSON.parse(stdout) }).toEqual({ exitCode: 1, report: { removed: 2, missing: ['four'] } });
  expect(noted(core).entries).toBe(1);
  expect(has(core, 'three')).toBe(true);
});

test('ls goes through a large cache, and ends with its reader', async () => {
  const core = cacheForTest();
  for (let n = 0; n < 2_000; n += 1) put(core, `key ${n} ${'x'.repeat(200)}`, 'value');
  const all = await holdfast(['ls', core.directory, '--json']);
  expect(all.stdout.trimEnd().split('\n')).toHaveLength(2_000);
  const piped = await execa('sh', ['-c', '"$1" "$2" ls "$3" | head -1', 'sh', process.execPath, MAIN, core.directory]);
  expect(piped).toMatchObject({ exitCode: 0, stderr: '', stdout: expect.stringMatching(/key \d+ x+$/) });
});

test('clear empties the cache for those who use it', async () => {
  const core = cacheForTest();
  put(core, 'key', 'value');
  expect(await holdfast(['clear', core.directory])).toEqual(fine(/^Removed 1 entry, \d+ B\.\n$/));
  expect(has(core, 'key')).toBe(false);
  expect((await holdfast(['stats', core.directory, '--json'])).stdout).toContain('"entries": 0');
});

test('verify ends with 1 where something is wrong; --repair repairs it', async () => {
  const core = cacheForTest();
  const path = put(core, 'key', 'value');
  writeFileSync(path, 'damage');
  writeFileSync(`${dirname(path)}/\u001b[2J`, '');
  const found = await holdfast(['verify', core.directory]);
  expect(found).toMatchObject({ exitCode: 1, stderr: '' });
  expect(found.stdout).toContain(`too short: ${path}\n`);
  expect(found.stdout).toContain('stray: ');
  expect(found.stdout).not.toContain('\u001b');
  const repaired = await holdfast(['verify', core.directory, '--repair', '--json']);
  const report = JSON.parse(repaired.stdout);
  expect(report.problems).toContainEqual({ path, problem: 'too short', repaired: true });
  expect(report.repaired).toBe(report.found);
  expect(existsSync(path)).toBe(false);
  expect(await holdfast(['verify', core.directory])).toEqual(fine('0 entries whole, 0 B; 0 problems\n'));
});

describe('what is not a cache is refused, and left as it is', () => {
  test.each(COMMANDS)('%s', async (command) => {
    const folder = temporaryFolder();
    writeFileSync(`${folder}/file`, 'text');
    const more = command === 'set' ? ['key', 'value'] : command === 'get' || command === 'rm' ? ['key'] : [];
    for (const path of [folder, `${folder}/file`, `${folder}/missing`]) {
      const { exitCode, stdout, stderr } = await holdfast([command, path, ...more]);
      expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
      expect(stderr).toBe(`holdfast: ${path} is not a cache: it has no v1/format that this version can read.\n`);
    }
    expect(readdirSync(folder)).toEqual(['file']);
    expect(readFileSync(`${folder}/file`, 'utf8')).toBe('text');
  });
});

describe('wrong use ends with 2', () => {
  test('whatever is wrong', async () => {
    const { directory } = cacheForTest();
    const cases: [string[], RegExp][] = [
      [['ls'], /missing required argument 'directory'/],
      [['get', directory], /missing required argument 'key'/],
      [['get', directory, ''], /A key cannot be empty/],
      [['rm', directory], /missing required argument 'keys'/],
      [['stats', directory, 'extra'], /too many arguments/],
      [['verify', directory, '--nope'], /unknown option '--nope'/],
      [['set', directory, 'key', 'value', '--codec', 'v8'], /Allowed choices are text, json, bytes/],
      [['set', directory, 'key', 'value', '--ttl', 'soon'], /Expected a number of seconds/],
      [['set', directory, 'key', '{', '--codec', 'json'], /The value is not JSON/],
    ];
    for (const [args, message] of cases) {
      const { exitCode, stdout, stderr } = await holdfast(args);
      expect({ args, exitCode, stdout }).toEqual({ args, exitCode: 2, stdout: '' });
      expect(stderr).toMatch(message);
    }
    const notText = await holdfast(['set', directory, 'key'], Buffer.from([255]));
    expect(notText).toMatchObject({ exitCode: 2, stderr: 'holdfast: Standard input is not UTF-8.\n' });
  });

  test.each(COMMANDS)('%s --help has an example', async (command) => {
    const { exitCode, stdout } = await holdfast([command, '--help']);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(new RegExp(`^Usage: holdfast ${command} .*<directory>`));
    expect(stdout).toContain(`Example:\n  holdfast ${command} `);
  });
});

test('a format that cannot be read is no cache, and is left', async () => {
  const core = cacheForTest();
  await core.close();
  writeFileSync(`${core.directory}/v1/format`, '{"format":99}');
  expect(await holdfast(['ls', core.directory])).toMatchObject({ exitCode: 2, stdout: '' });
  expect(readFileSync(`${core.directory}/v1/format`, 'utf8')).toBe('{"format":99}');
  rmSync(`${core.directory}/v1/format`);
  expect(await holdfast(['clear', core.directory])).toMatchObject({ exitCode: 2, stdout: '' });
});
