import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { mapFile, readFile, removeFile, updateFile, writeFile } from '../../src/index.js';
import { temporaryFolder } from '../helpers/folder.js';
import { needs } from '../helpers/needs.js';

type Call = (path: string, options: object) => Promise<unknown>;

const CALLS: [name: string, call: Call][] = [
  ['readFile', (path, options) => readFile(path, options)],
  ['writeFile', (path, options) => writeFile(path, 'new', options)],
  ['updateFile', (path, options) => updateFile(path, () => 'new', options)],
  ['removeFile', (path, options) => removeFile(path, options)],
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

test.each([undefined, null, 7, {}, ['a']])('writeFile refuses to write %j', async (data) => {
  const folder = temporaryFolder();
  const writing = writeFile(join(folder, 'data'), data as unknown as string);
  await expect(writing).rejects.toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
  expect(readdirSync(folder)).toEqual([]);
});
