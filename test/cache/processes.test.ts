import { randomBytes } from 'node:crypto';
import { closeSync, copyFileSync, openSync, readdirSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { FileCache } from '../../src/cache/file-cache.js';
import { errorCode } from '../../src/errors.js';
import { temporaryFolder } from '../helpers/folder.js';
import { needs } from '../helpers/needs.js';
import { type Running, run } from '../helpers/run.js';

function worker(directory: string, strategy: string, role: string, ...args: (string | number)[]): Running {
  return run('cache-worker.mjs', [directory, strategy, role, ...args.map(String)]);
}

async function begin(workers: readonly Running[]): Promise<void> {
  for (const process of workers) await process.said('ready');
  for (const process of workers) process.say('go');
}

/** As `rm -rf` beside programs that go on making files: it deletes what it has seen, and may fail at the end. */
function removeUnder(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch (error) {
    if (errorCode(error) !== 'ENOTEMPTY') throw error;
  }
}

async function outcome<T>(process: Running): Promise<T> {
  const { stdout, stderr, exitCode } = await process.ended;
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  return JSON.parse(stdout.split('\n').at(-1) ?? '') as T;
}

describe.skipIf(!needs('koffi'))('a cache in several processes', () => {
  test('16 processes that open a directory which does not exist agree on one cache', async () => {
    const directory = `${temporaryFolder()}/cache`;
    const workers = Array.from({ length: 16 }, () => worker(directory, 'rename', 'increments', 'count', 5));
    await begin(workers);
    const written = await Promise.all(workers.map((process) => outcome<number[]>(process)));
    expect(written.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: 80 }, (_, index) => index + 1));
    expect(readdirSync(`${directory}/v1`).filter((name) => name.startsWith('era-'))).toHaveLength(1);
  });

  test('8 processes with 50 callers each, on one cold key, load it once', async () => {
    const directory = `${temporaryFolder()}/cache`;
    const workers = Array.from({ length: 8 }, () => worker(directory, 'rename', 'callers', 'cold', 50, 300));
    await begin(workers);
    const outcomes = await Promise.all(workers.map((process) => outcome<{ loads: number; values: number[] }>(process)));
    expect(outcomes.reduce((sum, { loads }) => sum + loads, 0)).toBe(1);
    expect(new Set(outcomes.flatMap(({ values }) => values)).size).toBe(1);
  });

  test('the loading process is killed: exactly one other loads', async () => {
    const directory = `${temporaryFolder()}/cache`;
    const first = worker(directory, 'rename', 'callers', 'cold', 1, 60_000);
    await begin([first]);
    await first.said('loading');
    const workers = Array.from({ length: 4 }, () => worker(directory, 'rename', 'callers', 'cold', 10, 50));
    await begin(workers);
    first.kill();
    const outcomes = await Promise.all(workers.map((process) => outcome<{ loads: number }>(process)));
    expect(outcomes.reduce((sum, { loads }) => sum + loads, 0)).toBe(1);
  });

  test.each(['rename', 'flock'])(
    'update over %s: 8 processes lose no increment while others set other keys',
    async (strategy) => {
      const directory = `${temporaryFolder()}/cache`;
      const counters = Array.from({ length: 8 }, () => worker(directory, strategy, 'increments', 'count', 100));
      const noise = worker(directory, strategy, 'noise', 'one', 'two', 'three');
      await begin([...counters, noise]);
      const written = await Promise.all(counters.map((process) => outcome<number[]>(process)));
      noise.say('stop');
      await noise.ended;
      expect(written.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: 800 }, (_, index) => index + 1));
    },
  );

  test('a writer gets through between 4 processes that read the same flock entry without a pause', async () => {
    const directory = `${temporaryFolder()}/cache`;
    const readers = Array.from({ length: 4 }, () => worker(directory, 'flock', 'reads', 'hot'));
    const writer = worker(directory, 'flock', 'writes', 'hot', 300);
    await begin([...readers, writer]);
    expect(await outcome<{ times: number }>(writer)).toMatchObject({ times: 300 });
    for (const reader of readers) reader.say('stop');
    for (const reader of readers) expect(await outcome<number>(reader)).toBeGreaterThan(0);
  });
});

describe.skipIf(!needs('koffi'))('a cache that is damaged under 4 working processes: all agree again on one', () => {
  const era = (directory: string) => {
    const name = readdirSync(`${directory}/v1`).find((entry) => entry.startsWith('era-'));
    return `${directory}/v1/${name}`;
  };
  const damages: [string, (directory: string) => void | Promise<void>][] = [
    ['cleared', (directory) => new FileCache({ directory }).clear()],
    ['its version folder removed', (directory) => removeUnder(`${directory}/v1`)],
    ['moved away', (directory) => renameSync(`${directory}/v1`, `${directory}-moved`)],
    ['its shared words deleted', (directory) => rmSync(`${era(directory)}/shared`)],
    [
      'its shared words zeroed',
      (directory) => writeFileSync(`${era(directory)}/shared`, Buffer.alloc(823_296), { flag: 'r+' }),
    ],
    [
      'its shared words overwritten',
      (directory) => writeFileSync(`${era(directory)}/shared`, randomBytes(823_296), { flag: 'r+' }),
    ],
    [
      'its shared words replaced by other ones',
      (directory) => {
        writeFileSync(`${directory}/other`, randomBytes(823_296));
        renameSync(`${directory}/other`, `${era(directory)}/shared`);
      },
    ],
    [
      'its shared words replaced by an older copy',
      (directory) => {
        copyFileSync(`${era(directory)}/shared`, `${directory}/copy`);
        renameSync(`${directory}/copy`, `${era(directory)}/shared`);
      },
    ],
    [
      'its epochs overwritten',
      (directory) => {
        const fd = openSync(`${era(directory)}/shared`, 'r+');
        writeSync(fd, randomBytes(262_144), 0, 262_144, 20_480);
        closeSync(fd);
      },
    ],
    ["a shard's folder deleted", (directory) => rmSync(`${era(directory)}/data/00`, { recursive: true, force: true })],
  ];

  test.each(damages)('%s', async (_, damage) => {
    const directory = `${temporaryFolder()}/cache`;
    const workers = Array.from({ length: 4 }, () => worker(directory, 'rename', 'works'));
    await begin(workers);
    await damage(directory);
    for (const process of workers) process.say('stop');
    for (const process of workers) await process.said('stopped');
    const cache = new FileCache({ directory });
    await cache.set('agreed', 'yes');
    for (const process of workers) process.say('last look');
    for (const process of workers) await process.said('agreed');
    // All have it in memory now: who still had another cache open would not see this.
    await cache.set('agreed', 'no');
    for (const process of workers) process.say('very last look');
    for (const process of workers) {
      const { foreign, errors, seen } = await outcome<{ foreign: number; errors: object; seen: unknown }>(process);
      expect({ foreign, errors, seen }).toEqual({ foreign: 0, errors: {}, seen: ['yes', 'no'] });
    }
    await cache.close();
  });
});
