import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { errorCode } from '../../src/errors.js';
import { lockFile, mapFile, readFile, removeFile, updateFile, writeFile } from '../../src/index.js';
import { temporaryFolder } from '../helpers/folder.js';
import { needs } from '../helpers/needs.js';
import { NO_OPTIONS, WRONG_VALUES } from '../helpers/wrong-options.js';

type Call = (path: string, options: object) => Promise<unknown>;

const CALLS: [name: string, call: Call][] = [
  ['readFile', (path, options) => readFile(path, options)],
  ['writeFile', (path, options) => writeFile(path, 'new', options)],
  ['updateFile', (path, options) => updateFile(path, () => 'new', options)],
  ['removeFile', (path, options) => removeFile(path, options)],
  ['lockFile', async (path, options) => (await lockFile(path, 'exclusive', options)).release()],
];
if (needs('koffi')) CALLS.push(['mapFile', (path, options) => mapFile(path, options)]);

const WRONG: object[] = [
  { strategy: 'naive' },
  { strategy: 'toString' },
  { timeout: -1 },
  { timeout: Number.NaN },
  { timeout: '1s' },
  { signal: {} },
  { mode: '0644' },
  { mode: 0o10000 },
  { mode: 1.5 },
  { flush: 1 },
  { flushed: true },
];

describe.each(CALLS)('%s', (_, call) => {
  // Strategies whose readers take no lock check what they are given all the same.
  describe.each(['flock', 'rename'])('%s', (strategy) => {
    test.each(WRONG)('refuses %j with ERR_INVALID_ARGUMENT, and touches nothing', async (options) => {
      const folder = temporaryFolder();
      const path = join(folder, 'data');
      writeFileSync(path, 'old');
      await expect(call(path, { strategy, ...options })).rejects.toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
      expect(readdirSync(folder)).toEqual(['data']);
    });

    test('rejects with the reason of a signal that is aborted already, and touches nothing', async () => {
      const folder = temporaryFolder();
      const path = join(folder, 'data');
      writeFileSync(path, 'old');
      const reason = new Error('too late');
      await expect(call(path, { strategy, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
      expect(readdirSync(folder)).toEqual(['data']);
    });
  });
});

test.each(CALLS)('%s refuses what are no options, and values that are none', async (_, call) => {
  const folder = temporaryFolder();
  const path = join(folder, 'data');
  writeFileSync(path, 'old');
  const names = ['strategy', 'timeout', 'signal', 'mode', 'flush'];
  const wrong = names.flatMap((name) => WRONG_VALUES.map((value) => ({ [name]: value })));
  for (const options of [...NO_OPTIONS, ...wrong]) {
    const outcome = await call(path, options as object).catch(errorCode);
    expect.soft(outcome, inspect(options)).toBe('ERR_INVALID_ARGUMENT');
  }
  expect(readdirSync(folder)).toEqual(['data']);
});

test.each(CALLS)('%s takes options that are read-only, inherited, or getters of a class', async (_, call) => {
  class Options {
    get timeout() {
      return 0;
    }
  }
  const path = join(temporaryFolder(), 'data');
  writeFileSync(path, 'old');
  const lock = await lockFile(path, 'exclusive');
  for (const options of [new Options(), Object.freeze({ timeout: 0 }), Object.create({ timeout: 0 })]) {
    expect(await call(path, options).catch(errorCode)).toBe('ERR_LOCK_TIMEOUT');
  }
  await lock.release();
});

test.each([undefined, null, 7, {}, ['a']])('writeFile refuses to write %j', async (data) => {
  const folder = temporaryFolder();
  const writing = writeFile(join(folder, 'data'), data as unknown as string);
  await expect(writing).rejects.toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
  expect(readdirSync(folder)).toEqual([]);
});
