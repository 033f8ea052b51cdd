import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { FileCache } from '../../../src/cache/file-cache.js';
import { quickFolder } from '../../helpers/folder.js';
import { type OnDisk, onDisk } from '../../helpers/ground-truth.js';
import { type Running, run } from '../../helpers/run.js';
import { scaled } from '../../helpers/scale.js';
import { skipWithoutKoffi } from '../../helpers/with-koffi.js';

skipWithoutKoffi();

const WRITERS = 8;
const LOOKS = 3;
const BLOCK = 4_096;
/** What one entry of these writers takes at most. */
const LARGEST = 2 * BLOCK;

interface Limits {
  readonly maxEntries?: number;
  readonly maxBytes?: number;
}

const CASES = [
  { strategy: 'rename', maxEntries: 10, maxBytes: 15 * BLOCK },
  { strategy: 'rename', maxEntries: 1 },
  { strategy: 'rename', maxBytes: BLOCK * 2 },
  { strategy: 'flock', maxBytes: 100 * BLOCK },
  { strategy: 'flock', maxEntries: 1_000 },
] as const;

describe('eight processes that write beyond a limit, beside one that is stopped inside a section', () => {
  test.each<{ strategy: 'rename' | 'flock' } & Limits>(scaled([CASES[0]], [...CASES]))(
    '$strategy, $maxEntries entries, $maxBytes bytes: the limit holds by count of the files',
    async (given) => {
      const directory = `${quickFolder()}/cache`;
      const cache = new FileCache({ directory, strategy: given.strategy, codec: 'text' });
      const stopped = await stoppedInside(directory, given.strategy);
      const writers = Array.from({ length: WRITERS }, (_, n) =>
        run('limited-writer.mjs', [
          ...[directory, given.strategy, `writer ${n}`],
          ...[String(given.maxEntries ?? ''), String(given.maxBytes ?? '')],
        ]),
      );
      await Promise.all(writers.map((writer) => writer.said('writing')));
      const seen: OnDisk[] = [];
      for (let look = 0; look < LOOKS; look += 1) {
        seen.push(await whileStopped(writers, () => onDisk(directory)));
        await delay(10);
      }
      for (const writer of writers) writer.say('end');
      const ends = await Promise.all(writers.map(({ ended }) => ended));
      expect(ends.map(({ exitCode, stderr }) => ({ exitCode, stderr }))).toEqual(
        Array(WRITERS).fill({ exitCode: 0, stderr: '' }),
      );
      // One for each write that is under way, that of the process that is stopped among them.
      const { maxEntries = Number.POSITIVE_INFINITY, maxBytes = Number.POSITIVE_INFINITY } = given;
      for (const { entries, diskBytes } of seen) {
        expect(entries).toBeLessThanOrEqual(maxEntries + WRITERS + 1);
        expect(diskBytes).toBeLessThanOrEqual(maxBytes + (WRITERS + 1) * LARGEST);
      }
      const atRest = onDisk(directory);
      expect(atRest.entries).toBeLessThanOrEqual(maxEntries + 1);
      expect(atRest.diskBytes).toBeLessThanOrEqual(maxBytes + LARGEST);
      expect(atRest.entries).toBeGreaterThan(0);
      const waited = ends.map(({ stdout }) => Number(JSON.parse(stdout.split('\n').at(-1) ?? '').longestMs));
      // Not for the lock that one of them holds, which is given up only after ten seconds.
      expect(Math.max(...waited)).toBeLessThan(9_000);
      stopped.kill('SIGKILL');
      await stopped.ended;
      expect(await cache.verify({ repair: true })).toMatchObject({ entries: expect.any(Number) });
      expect(await cache.verify()).toMatchObject({ found: 0 });
      const { entries, diskBytes } = await cache.stats();
      expect({ entries, diskBytes }).toEqual(onDisk(directory));
      await cache.close();
    },
  );
});

/** A process that stops for ever right before it publishes the entry of "key", with the lock of its shard. */
async function stoppedInside(directory: string, strategy: string): Promise<Running> {
  const counted = run('parked.mjs', [`${quickFolder()}/cache`, strategy, 'set', 'count']);
  const calls: string[] = JSON.parse((await counted.ended).stdout);
  const stopped = run('parked.mjs', [directory, strategy, 'set', String(calls.indexOf('rename'))]);
  await stopped.said('parked');
  return stopped;
}

async function whileStopped<T>(writers: readonly Running[], look: () => T): Promise<T> {
  for (const { kill } of writers) kill('SIGSTOP');
  try {
    for (const { pid } of writers) {
      while (!/\) T /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))) await delay(1);
    }
    return look();
  } finally {
    for (const { kill } of writers) kill('SIGCONT');
  }
}
