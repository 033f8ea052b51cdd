import { describe, expect, onTestFinished, test } from 'vitest';
import { FileCache } from '../../../src/cache/file-cache.js';
import { replaceSyscalls, syscalls } from '../../../src/os/syscalls.js';
import { quickFolder } from '../../helpers/folder.js';
import { needs } from '../../helpers/needs.js';
import { run } from '../../helpers/run.js';

function open(directory: string, strategy: 'rename' | 'flock'): FileCache {
  const cache = new FileCache({ directory, strategy });
  onTestFinished(() => cache.close());
  return cache;
}

/** How many files `work` opens. */
function opens(work: () => unknown): number {
  let count = 0;
  const { open: real } = syscalls;
  const restore = replaceSyscalls({
    open: (...args) => {
      count += 1;
      return real(...args);
    },
  });
  try {
    work();
  } finally {
    restore();
  }
  return count;
}

describe.skipIf(!needs('koffi'))('a writer that is killed between odd and even', () => {
  /** What readers see from then on: the step after which it dies decides whether the write took place. */
  const steps = [
    ['raiseBusy', 'before'],
    ['makeEpochOdd', 'before'],
    ['clearLease', 'before'],
    ['makeEpochEven', 'written by the dead'],
    ['clearBusy', 'written by the dead'],
  ] as const;

  describe.each(['rename', 'flock'] as const)('strategy %s', (strategy) => {
    test.each(steps)('after %s: readers are right at once, and fast after the first of them', async (step, seen) => {
      const directory = `${quickFolder()}/cache`;
      const readers = [open(directory, strategy), open(directory, strategy)];
      const [first, second] = readers as [FileCache, FileCache];
      first.setSync('key', 'before');
      for (const reader of readers) expect(reader.getSync('key')).toBe('before');
      const { signal } = await run('dies-while-writing.mjs', [directory, strategy, 'key', step]).ended;
      expect(signal).toBe('SIGKILL');
      expect([first.getSync('key'), second.getSync('key')]).toEqual([seen, seen]);
      expect(opens(() => [first.getSync('key'), second.getSync('key')])).toBe(0);
      expect(first.hasSync('key')).toBe(true);
      first.setSync('key', 'after');
      expect([first.getSync('key'), second.getSync('key')]).toEqual(['after', 'after']);
      expect(await first.stats()).toMatchObject({ entries: 1 });
      expect(await first.verify()).toMatchObject({ entries: 1, found: 0 });
    });
  });

  test('a reader does not wait for a writer that lives, and keeps nothing', () => {
    const directory = `${quickFolder()}/cache`;
    const writer = open(directory, 'rename');
    const reader = open(directory, 'rename');
    writer.setSync('key', 1);
    const seen: unknown[] = [];
    const { exchange } = syscalls;
    const restore = replaceSyscalls({
      exchange: (from, to) => {
        seen.push(reader.getSync('key'));
        const outcome = exchange(from, to);
        seen.push(reader.getSync('key'));
        return outcome;
      },
    });
    try {
      writer.setSync('key', 2);
    } finally {
      restore();
    }
    expect(seen).toEqual([1, 2]);
    expect(opens(() => reader.getSync('key'))).toBe(1);
    expect(opens(() => reader.getSync('key'))).toBe(0);
  });
});
