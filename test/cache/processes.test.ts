import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { FileCache } from '../../src/cache/file-cache.js';
import { placeOf } from '../../src/cache/format/key.js';
import { begin, DAMAGES, expectAgreement, outcome, worker } from '../helpers/cache-workers.js';
import { quickFolder } from '../helpers/folder.js';
import { needs } from '../helpers/needs.js';
import { run } from '../helpers/run.js';
import { scaled } from '../helpers/scale.js';

/** Keys in the shard of another one. */
function keysBeside(key: string, count: number): string[] {
  const { shard } = placeOf(key);
  const names = Array.from({ length: 10_000 }, (_, index) => `beside-${index}`);
  return names.filter((name) => placeOf(name).shard === shard).slice(0, count);
}

/** Writes of one process between four that read. */
const WRITES = scaled(100, 300);
/** Updates of each of 8 processes. */
const EACH = scaled(200, 1_000);

describe.skipIf(!needs('koffi'))('a cache in several processes', () => {
  test('16 processes that open a directory which does not exist agree on one cache', async () => {
    const directory = `${quickFolder()}/cache`;
    const workers = Array.from({ length: 16 }, () => worker(directory, 'rename', 'increments', 'count', 5));
    await begin(workers);
    const written = await Promise.all(workers.map((process) => outcome<number[]>(process)));
    expect(written.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: 80 }, (_, index) => index + 1));
    expect(readdirSync(`${directory}/v1`).filter((name) => name.startsWith('era-'))).toHaveLength(1);
  });

  test('8 processes with 50 callers each, on one cold key, load it once', async () => {
    const directory = `${quickFolder()}/cache`;
    const workers = Array.from({ length: 8 }, () => worker(directory, 'rename', 'callers', 'cold', 50, 300));
    await begin(workers);
    const outcomes = await Promise.all(workers.map((process) => outcome<{ loads: number; values: number[] }>(process)));
    expect(outcomes.reduce((sum, { loads }) => sum + loads, 0)).toBe(1);
    expect(new Set(outcomes.flatMap(({ values }) => values)).size).toBe(1);
  });

  test('the loading process is killed: exactly one other loads', async () => {
    const directory = `${quickFolder()}/cache`;
    const first = worker(directory, 'rename', 'callers', 'cold', 1, 60_000);
    await begin([first]);
    await first.said('loading');
    const workers = Array.from({ length: 4 }, () => worker(directory, 'rename', 'callers', 'cold', 10, 50));
    await begin(workers);
    first.kill();
    const outcomes = await Promise.all(workers.map((process) => outcome<{ loads: number }>(process)));
    expect(outcomes.reduce((sum, { loads }) => sum + loads, 0)).toBe(1);
  });

  test.each(['set', 'delete'] as const)(
    'a %s while another process loads wins, and its caller still gets what was loaded',
    async (what) => {
      const directory = `${quickFolder()}/cache`;
      const loading = worker(directory, 'rename', 'callers', 'cold', 5, 500);
      await begin([loading]);
      await loading.said('loading');
      const cache = new FileCache({ directory });
      if (what === 'set') await cache.set('cold', 'set');
      else await cache.delete('cold');
      expect(await outcome(loading)).toEqual({ loads: 1, values: [loading.pid] });
      expect(await cache.get('cold')).toBe(what === 'set' ? 'set' : undefined);
      await cache.close();
    },
  );

  test('a stale value: 6 processes with 50 callers each get it at once, and one of them loads the new one, once', async () => {
    const directory = `${quickFolder()}/cache`;
    const cache = new FileCache<string>({ directory });
    await cache.getOrSet('stale', () => 'old', { ttl: 0, staleWhileRevalidate: 3_600_000 });
    const workers = Array.from({ length: 6 }, () => worker(directory, 'rename', 'stale', 'stale', 50, 1_000));
    await begin(workers);
    const outcomes = await Promise.all(workers.map((process) => outcome<{ loads: number; values: string[] }>(process)));
    expect(outcomes.reduce((sum, { loads }) => sum + loads, 0)).toBe(1);
    // Who had waited would have the new one.
    expect(outcomes.map(({ values }) => values)).toEqual(workers.map(() => ['old']));
    await cache.close();
  });

  test.each(['rename', 'flock'] as const)(
    'update over %s: 8 processes lose no update while another sets other keys of the same shard',
    { timeout: 120_000 },
    async (strategy) => {
      const directory = `${quickFolder()}/cache`;
      const counters = Array.from({ length: 8 }, () => worker(directory, strategy, 'increments', 'count', EACH));
      const noise = worker(directory, strategy, 'noise', ...keysBeside('count', 3));
      await begin([...counters, noise]);
      const written = await Promise.all(counters.map((process) => outcome<number[]>(process)));
      noise.say('stop');
      expect(await outcome<number>(noise)).toBeGreaterThan(0);
      expect(written.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: 8 * EACH }, (_, index) => index + 1));
      const cache = new FileCache({ directory, strategy });
      expect(await cache.get('count')).toBe(8 * EACH);
      await cache.close();
    },
  );

  test('a writer gets through between 4 processes that read the same flock entry without a pause', async () => {
    const directory = `${quickFolder()}/cache`;
    const readers = Array.from({ length: 4 }, () => worker(directory, 'flock', 'reads', 'hot'));
    const writer = worker(directory, 'flock', 'writes', 'hot', WRITES);
    await begin([...readers, writer]);
    expect(await outcome<{ times: number }>(writer)).toMatchObject({ times: WRITES });
    for (const reader of readers) reader.say('stop');
    for (const reader of readers) expect(await outcome<number>(reader)).toBeGreaterThan(0);
  });
});

/** With two places each, they come to all places all the same. */
const FEWER_DAMAGES = DAMAGES.filter((_, index) => index % 3 === 0);

describe.skipIf(!needs('koffi'))('a cache that is damaged under 4 working processes: all agree again on one', () => {
  /** Damages the cache of four processes in one way after the other; after each they must agree. */
  async function damaged(
    damages: typeof DAMAGES,
    befall: (directory: string, damage: (typeof DAMAGES)[number]) => Promise<void>,
  ): Promise<void> {
    const directory = `${quickFolder()}/cache`;
    const workers = Array.from({ length: 4 }, () => worker(directory, 'rename', 'works'));
    await begin(workers);
    for (const [index, damage] of damages.entries()) {
      if (index > 0) for (const process of workers) process.say('again');
      await befall(directory, damage);
      await expectAgreement(directory, workers, index + 1).catch((error: Error) => {
        throw new Error(`${damage[0]}: ${error.message}`, { cause: error });
      });
    }
    for (const process of workers) process.say('end');
    for (const process of workers) expect(await outcome<number>(process)).toBe(damages.length);
  }

  test('whatever befalls it', { timeout: 120_000 }, async () => {
    await damaged(DAMAGES, async (directory, [, damage]) => damage(directory));
  });

  test('also where whoever makes the new era is killed in the middle of it', { timeout: 240_000 }, async () => {
    const places = await placesInMaking();
    await damaged(scaled(FEWER_DAMAGES, DAMAGES), async (directory, given) => {
      const [, damage] = given;
      // Every place comes up with some damage, and each damage with two.
      const [first, second] = [DAMAGES.indexOf(given), DAMAGES.indexOf(given) + 2].map(
        (n) => places[n % places.length],
      );
      for (const place of [first, second]) {
        const maker = run('parked.mjs', [directory, 'rename', 'clear', String(place)]);
        await maker.said('parked');
        if (given !== DAMAGES.at(-1)) await damage(directory);
        maker.kill();
        await maker.ended;
        if (given === DAMAGES.at(-1)) await damage(directory);
      }
    });
  });
});

/** Calls of making an era: before the old one is ended, before it is moved aside; before the new one is flushed, among its folders, before it gets its name, before it is published. */
async function placesInMaking(): Promise<number[]> {
  const child = run('parked.mjs', [`${quickFolder()}/cache`, 'rename', 'clear', 'count']);
  const calls = JSON.parse((await child.ended).stdout) as string[];
  const flushed = calls.indexOf('fsyncAsync');
  const ended = calls.indexOf('readdir', flushed) + 1;
  const setAside = calls.indexOf('rename');
  const placed = calls.indexOf('rename', setAside + 1);
  return [ended, setAside, flushed, flushed + 300, placed, calls.indexOf('rename', placed + 1)];
}
