import { describe, expect, test } from 'vitest';
import type { FileCache } from '../../src/cache/file-cache.js';
import { errorCode } from '../../src/errors.js';
import { openFilesIn } from '../helpers/descriptors.js';
import { quickFolder } from '../helpers/folder.js';
import { scaled } from '../helpers/scale.js';
import { warningsAreMeant } from '../helpers/warnings.js';
import { skipWithoutKoffi } from '../helpers/with-koffi.js';
import { type CacheOperation, KEY, KEYS, OPERATIONS, OTHER, openCache } from './cache-operations.js';
import { litter, locksHeld } from './cache-remains.js';
import { FAULTS, type Fault, failAt, recordCalls, tellingOf } from './fault.js';

skipWithoutKoffi();
warningsAreMeant('HOLDFAST_DAMAGED_ENTRY');

const LAST = 'the next value';
const UNLIKE = OPERATIONS.filter(({ alike }) => !alike);

describe.each(['rename', 'flock'] as const)('a cache, %s, a fault at any one call:', (strategy) => {
  describe.each(strategy === 'rename' ? OPERATIONS : scaled(UNLIKE, OPERATIONS))('$name', (operation) => {
    test.each(FAULTS)('%s leaves the old value or the new one, and nothing else', async (fault) => {
      const directory = `${quickFolder()}/cache`;
      const recording = await opened(directory);
      const calls = await recordCalls(async () => operation.run(recording));
      await recording.close();
      expect(calls.length).toBeGreaterThan(2);

      const problems: string[] = [];
      for (const index of tellingOf(fault, calls, calls.length > 100 ? 1 : 3)) {
        const cache = await opened(directory);
        const restore = failAt(index, fault);
        const outcome = await outcomeOf(operation, cache);
        restore();
        const found = [...wrongOutcome(operation, outcome, fault), ...(await wrongState(directory, cache, outcome))];
        problems.push(...found.map((what) => `${calls[index]} (call ${index} of ${calls}): ${what}`));
      }
      const last = openCache(directory, strategy, operation.codec);
      expect(problems).toEqual([]);
      expect(await last.verify()).toMatchObject({ counts: {} });
      await last.close();
    });

    /** An instance that has not locked anything yet, on a directory in which everything is as the operation wants it. */
    async function opened(directory: string): Promise<FileCache<string>> {
      const other = openCache(directory, strategy, operation.codec);
      other.setSync(OTHER, OTHER);
      if (operation.before === undefined) other.deleteSync(KEY);
      else other.setSync(KEY, operation.before);
      operation.prepare?.(other);
      await other.close();
      return openCache(directory, strategy, operation.codec, operation.limits);
    }

    /** What this instance and a new one find, what the next operation comes to, and what is left when both are closed. */
    async function wrongState(directory: string, cache: FileCache<string>, { told }: Outcome): Promise<string[]> {
      const problems: string[] = [];
      const fresh = openCache(directory, strategy, operation.codec);
      const isStored = told === undefined && !operation.givesAnyway;
      const expected = isStored ? [operation.after] : [operation.before, operation.after];
      for (const [who, instance] of Object.entries({ 'this instance': cache, 'a new one': fresh })) {
        const value = instance.getSync(KEY);
        if (!expected.includes(value)) problems.push(`${who} finds ${shown(value)}`);
        const other = instance.getSync(OTHER);
        if (other !== OTHER && !operation.removesOthers)
          problems.push(`${who} finds ${shown(other)} under another key`);
      }
      if (locksHeld(directory) > 0) problems.push('left a lock');
      problems.push(...litter(directory, KEYS).map((path) => `left ${path}`));
      await cache.set(KEY, LAST);
      if (fresh.getSync(KEY) !== LAST) problems.push('the next operation does not work');
      await Promise.all([cache.close(), fresh.close()]);
      problems.push(...openFilesIn(directory).map((path) => `left a descriptor of ${path}`));
      return problems;
    }
  });
});

/** How an operation ended: with a value, or with an error's code. */
interface Outcome {
  readonly value?: unknown;
  readonly told?: string;
}

async function outcomeOf(operation: CacheOperation, cache: FileCache<string>): Promise<Outcome> {
  try {
    return { value: await operation.run(cache) };
  } catch (error) {
    return { told: errorCode(error) ?? String(error) };
  }
}

function* wrongOutcome(operation: CacheOperation, { value, told }: Outcome, fault: Fault): Generator<string> {
  if (told !== undefined && told !== fault) yield `told ${told}, not ${fault}`;
  if (told !== undefined || operation.gives === undefined) return;
  // A file that may not be opened is a damaged entry, and so a miss.
  const misses = fault === 'EACCES' && operation.gives === operation.before;
  if (value !== operation.gives && !misses) yield `gave ${shown(value)}`;
}

function shown(value: unknown): string {
  return typeof value === 'string' ? `"${value.slice(0, 20)}", ${value.length} characters` : String(value);
}
