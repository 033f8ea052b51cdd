import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { errorCode } from '../../src/errors.js';
import { openFilesIn } from '../helpers/descriptors.js';
import { quickFolder } from '../helpers/folder.js';
import { skipWithoutKoffi } from '../helpers/with-koffi.js';
import { KEY, openCache } from './cache-operations.js';
import { litter, locksHeld } from './cache-remains.js';
import { FAULTS, type Fault, failAt, recordCalls, tellingOf } from './fault.js';

skipWithoutKoffi();

const STATES = ['that exists', 'that does not', 'whose era has ended'] as const;

describe('a fault at any one call of opening a cache', () => {
  describe.each(STATES)('%s', (state) => {
    test.each(FAULTS)('%s is told, or the cache is whole; nothing is lost, and nothing is left', async (fault) => {
      const directory = `${quickFolder()}/cache`;
      await prepare(directory);
      const calls = await recordCalls(async () => openCache(directory, 'rename').close());
      expect(calls.length).toBeGreaterThan(5);

      const problems: string[] = [];
      for (const index of tellingOf(fault, calls)) {
        await prepare(directory);
        const restore = failAt(index, fault);
        const told = await open(directory);
        restore();
        const found = [...wrongOutcome(told, fault), ...remains(directory), ...(await wrongState(directory))];
        problems.push(...found.map((what) => `${calls[index]} (call ${index} of ${calls}): ${what}`));
      }
      expect(problems).toEqual([]);
    });

    async function prepare(directory: string): Promise<void> {
      if (state === 'that does not') return rmSync(directory, { recursive: true, force: true });
      const cache = openCache(directory, 'rename');
      cache.setSync(KEY, 'old');
      await cache.close();
      if (state === 'that exists') return;
      const { era } = JSON.parse(readFileSync(`${directory}/v1/format`, 'utf8'));
      rmSync(`${directory}/v1/${era}/shared`);
    }

    /** The code of the error, if there was one. */
    async function open(directory: string): Promise<string | undefined> {
      try {
        await openCache(directory, 'rename').close();
        return undefined;
      } catch (error) {
        return errorCode(error) ?? String(error);
      }
    }

    /** Opened without a fault it is what it was, and works. */
    async function wrongState(directory: string): Promise<string[]> {
      const cache = openCache(directory, 'rename');
      const value = cache.getSync(KEY);
      const problems = value === (state === 'that exists' ? 'old' : undefined) ? [] : [`holds ${value}`];
      cache.setSync(KEY, 'new');
      if (cache.getSync(KEY) !== 'new') problems.push('does not work');
      await cache.close();
      const tag = readFileSync(`${directory}/CACHEDIR.TAG`, 'utf8');
      if (!tag.startsWith('Signature: 8a477f597d28d172789f06886806bc55')) problems.push(`is tagged "${tag}"`);
      return [...problems, ...remains(directory)];
    }

    function remains(directory: string): string[] {
      const locks = locksHeld(directory) > 0 ? ['left a lock'] : [];
      const descriptors = openFilesIn(directory).map((path) => `left a descriptor of ${path}`);
      return [...locks, ...descriptors, ...files(directory).map((name) => `left ${name}`)];
    }
  });
});

function wrongOutcome(told: string | undefined, fault: Fault): string[] {
  return told === undefined || told === fault ? [] : [`told ${told}, not ${fault}`];
}

function files(directory: string): string[] {
  if (existsSync(`${directory}/v1/format`)) return litter(directory, [KEY]);
  return existsSync(`${directory}/v1`)
    ? readdirSync(`${directory}/v1`).filter((name) => /^(era-|new-|\.)/.test(name))
    : [];
}
