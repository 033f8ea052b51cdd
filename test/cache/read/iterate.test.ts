import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { FileCache } from '../../../src/cache/file-cache.js';
import { decodeHeader } from '../../../src/cache/format/entry.js';
import { openFilesIn } from '../../helpers/descriptors.js';
import { entryPath, eraFolder, openCache } from '../../helpers/file-cache.js';
import { run } from '../../helpers/run.js';
import { scaled } from '../../helpers/scale.js';
import { skipWithoutKoffi } from '../../helpers/with-koffi.js';

skipWithoutKoffi();

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

function times(items: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
  return counts;
}

const KEPT = Array.from({ length: 1000 }, (_, index) => `kept ${index}`);

describe.each(['rename', 'flock'] as const)('keys and entries, strategy %s', (strategy) => {
  test('give what is present, and nothing that is expired, invalidated or damaged', async () => {
    const { cache, directory } = openCache<unknown>({ strategy });
    await cache.setMany([
      ['a', 1],
      ['б', [2]],
      ['c/../d', null],
      ['large', 'x'.repeat(200_000)],
    ]);
    await cache.set('expired', 1, { ttl: 0 });
    await cache.set('invalidated', 1, { tags: ['tag'] });
    await cache.set('damaged', 1);
    await cache.invalidateTags(['tag']);
    writeFileSync(entryPath(directory, 'damaged'), 'rubbish');
    // A copy of an entry under the name of another key is not an entry of either.
    copyFileSync(entryPath(directory, 'a'), entryPath(directory, 'copy'));
    expect((await all(cache.keys())).sort()).toEqual(['a', 'c/../d', 'large', 'б']);
    expect(new Map(await all(cache.entries()))).toEqual(
      new Map<string, unknown>([
        ['a', 1],
        ['б', [2]],
        ['c/../d', null],
        ['large', 'x'.repeat(200_000)],
      ]),
    );
    expect(openFilesIn(directory).filter((path) => !path.endsWith('.lock'))).toEqual([]);
  });

  test('each key that is present throughout is given exactly once while 4 processes add and remove others', async () => {
    const { cache, directory } = openCache({ strategy });
    const wrong = await whileOthersWork(cache, directory, strategy, async (round) =>
      round % 2 === 0 ? all(cache.keys()) : (await all(cache.entries())).map(([key]) => key),
    );
    expect(wrong).toEqual([]);
    expect(await cache.verify()).toMatchObject({ found: 0 });
  });
});

/** What keys were given not at all, or more than once, in rounds beside 4 processes that change the cache. Ends at the first round with any. */
async function whileOthersWork(
  cache: FileCache,
  directory: string,
  strategy: string,
  list: (round: number) => Promise<string[]>,
): Promise<string[]> {
  for (const key of KEPT) cache.setSync(key, 'value');
  const others = Array.from({ length: 4 }, (_, number) => run('cache-churn.mjs', [directory, strategy, `${number}`]));
  for (const other of others) await other.said('ready');
  for (const other of others) other.say('go');
  for (const other of others) await other.said('at work');
  const deadline = performance.now() + scaled(1_000, 4_000);
  let wrong: string[] = [];
  for (let round = 0; wrong.length === 0 && (round < 4 || (round < 20 && performance.now() < deadline)); round += 1) {
    const counts = times(await list(round));
    wrong = [...KEPT, ...counts.keys()].filter((key) => counts.get(key) !== 1);
  }
  for (const other of others) other.say('stop');
  for (const { ended } of others) {
    const { stdout, exitCode } = await ended;
    expect(exitCode).toBe(0);
    // It went on while the lists were made.
    expect(Number(stdout.split('\n').at(-1))).toBeGreaterThan(20);
  }
  return wrong;
}

/** The key in an entry file, or `undefined` where it has gone. */
function keyIn(path: string): string | undefined {
  try {
    const bytes = readFileSync(path);
    const header = decodeHeader(bytes, bytes.length);
    return header.ok ? header.value.key : undefined;
  } catch {
    return undefined;
  }
}

test('the same beside a list that is read a page at a time, each page by its number: keys are missing, or come twice', async () => {
  const { cache, directory } = openCache();
  const data = `${eraFolder(directory)}/data`;
  const shards = readdirSync(data).filter((name) => !name.endsWith('.lock'));
  const paged = async () => {
    const keys: string[] = [];
    for (let page = 0; page < 20; page += 1) {
      for (const shard of shards) {
        const names = readdirSync(`${data}/${shard}`).filter((name) => name.length === 64);
        const key = names[page] === undefined ? undefined : keyIn(`${data}/${shard}/${names[page]}`);
        if (key !== undefined) keys.push(key);
      }
      await nextTurn();
    }
    return keys;
  };
  expect((await whileOthersWork(cache, directory, 'rename', paged)).length).toBeGreaterThan(0);
});

describe('keys and entries', () => {
  test('a list of the names taken at the beginning would give keys that have gone: these do not', async () => {
    const { cache } = openCache();
    for (const key of KEPT) cache.setSync(key, 'value');
    const given: string[] = [];
    for await (const key of cache.keys()) {
      // Those that come much later are in shards that have not been listed.
      if (given.length === 0) for (const other of KEPT) if (other !== key) cache.deleteSync(other);
      given.push(key);
    }
    expect(given.length).toBeGreaterThan(0);
    expect(given.length).toBeLessThan(50);
  });

  test.each(['keys', 'entries'] as const)('a clear in between ends %s', async (what) => {
    const { cache } = openCache();
    for (const key of KEPT) cache.setSync(key, 'value');
    let given = 0;
    for await (const _ of cache[what]()) {
      given += 1;
      if (given === 3) await cache.clear();
    }
    expect(given).toBe(3);
    expect(await all<unknown>(cache[what]())).toEqual([]);
  });

  test('a close in between is ERR_CACHE_CLOSED, and so is to begin after it', async () => {
    const { cache } = openCache();
    for (const key of KEPT) cache.setSync(key, 'value');
    const looping = async () => {
      for await (const _ of cache.keys()) await cache.close();
    };
    await expect(looping()).rejects.toMatchObject({ code: 'ERR_CACHE_CLOSED' });
    expect(() => cache.keys()).toThrow(expect.objectContaining({ code: 'ERR_CACHE_CLOSED' }));
    expect(() => cache.entries()).toThrow(expect.objectContaining({ code: 'ERR_CACHE_CLOSED' }));
  });

  test('broken off, they leave nothing open', async () => {
    const { cache, directory } = openCache();
    for (const key of KEPT) cache.setSync(key, 'value');
    const before = openFilesIn(directory);
    for await (const _ of cache.entries()) break;
    expect(openFilesIn(directory)).toEqual(before);
  });

  test('what is of another codec is among the keys, and not among the entries', async () => {
    const { cache, directory } = openCache({ codec: 'text' });
    await cache.set('text', 'value');
    const { cache: other } = openCache({ directory, codec: 'json' });
    await other.set('json', 'value');
    expect((await all(cache.keys())).sort()).toEqual(['json', 'text']);
    expect(await all(cache.entries())).toEqual([['text', 'value']]);
  });
});

describe('operations on many keys', () => {
  const PAIRS = Array.from({ length: 3000 }, (_, index) => [`key ${index}`, index] as const);
  const NAMES = PAIRS.map(([key]) => key);

  test('leave the event loop alive, and do what the single ones do', async () => {
    const { cache } = openCache<number>();
    const work: [string, () => Promise<unknown>][] = [
      ['setMany', () => cache.setMany(PAIRS)],
      ['getMany', async () => expect(await cache.getMany([...NAMES, 'none'])).toEqual(new Map(PAIRS))],
      ['keys', async () => expect((await all(cache.keys())).sort()).toEqual([...NAMES].sort())],
      ['entries', async () => expect(new Map(await all(cache.entries()))).toEqual(new Map(PAIRS))],
      ['deleteMany', async () => expect(await cache.deleteMany([...NAMES, 'none'])).toBe(NAMES.length)],
    ];
    const turns = new Map<string, number>();
    for (const [name, one] of work) {
      let count = 0;
      let over = false;
      const tick = () => {
        count += 1;
        if (!over) setImmediate(tick);
      };
      setImmediate(tick);
      await one();
      over = true;
      turns.set(name, count);
    }
    expect([...turns].filter(([, count]) => count < 3)).toEqual([]);
    expect(await all(cache.keys())).toEqual([]);
  });

  test('where one fails those before it stay', async () => {
    const { cache } = openCache<unknown>();
    const entries: [string, unknown][] = [
      ['a', 1],
      ['b', 1n],
      ['c', 1],
    ];
    await expect(cache.setMany(entries)).rejects.toMatchObject({ code: 'ERR_VALUE_NOT_SERIALIZABLE' });
    expect([await cache.has('a'), await cache.has('c')]).toEqual([true, false]);
  });
});
