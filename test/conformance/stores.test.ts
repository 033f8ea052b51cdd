import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Era } from '../../src/cache/era/era.js';
import type { Place } from '../../src/cache/format/key.js';
import type { Condition, EncodedValue } from '../../src/cache/storage/index.js';
import { quickFolder } from '../helpers/folder.js';
import { MemoryStorage } from '../helpers/memory-storage.js';
import { needs } from '../helpers/needs.js';
import { CLAIMS, openCore, type StoreUnderTest } from './store-claims.js';

/** A further store is a line here. */
const STORES: Readonly<Record<string, StoreUnderTest>> = {
  publishing: { strategy: 'rename' },
  'in place': { strategy: 'flock' },
  'in memory, for tests': { strategy: 'rename', make: (context) => new MemoryStorage(context) },
};

async function hold(store: StoreUnderTest, claim: string): Promise<void> {
  const directory = `${quickFolder()}/cache`;
  const open = (options = {}) => {
    const core = openCore(store, { directory, ...options });
    onTestFinished(() => core.close());
    return core;
  };
  await CLAIMS[claim]?.({ core: open(), open });
}

describe.skipIf(!needs('koffi'))('a store', () => {
  describe.each(Object.entries(STORES))('%s', (_, store) => {
    test.each(Object.keys(CLAIMS))('%s', (claim) => hold(store, claim));
  });
});

/** Asks no condition. */
class Careless extends MemoryStorage {
  override put(place: Place, value: EncodedValue, condition?: Condition) {
    return super.put(place, value, condition && (() => true));
  }
}

/** Writes outside steps 2 and 4: no epoch, no totals. */
class Stepless extends MemoryStorage {
  readonly #kept = new Map<string, Buffer>();

  protected override write(_era: Era, place: Place, bytes: Buffer): void {
    this.#kept.set(place.hash, bytes);
  }
}

/** Forgets to count. */
class Uncounted extends MemoryStorage {
  protected override write(era: Era, place: Place, bytes: Buffer): void {
    const { totals } = era.words;
    const before = totals.of(place.shard);
    super.write(era, place, bytes);
    totals.set(place.shard, before);
  }
}

describe.skipIf(!needs('koffi'))('a broken store is found out', () => {
  test.each([
    [Careless, 'a condition is asked in the section, where it sees what is there; refused, nothing changes'],
    [Stepless, 'every change moves the epoch of its slot, and leaves it even'],
    [Uncounted, 'totals are what a count by hand comes to, and lengthOf says beforehand what is taken'],
  ] as const)('%o', async (Broken, claim) => {
    const store: StoreUnderTest = { strategy: 'rename', make: (context) => new Broken(context) };
    await expect(hold(store, claim)).rejects.toMatchObject({ code: 'ERR_ASSERTION' });
  });
});

test('no other file asks which store it is', () => {
  const cache = new URL('../../src/cache/', import.meta.url);
  const asking = readdirSync(cache, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.startsWith('store/') && !name.startsWith('disk/'))
    .filter((name) => /\binPlace\b| === '(?:flock|rename)'/.test(readFileSync(new URL(name, cache), 'utf8')));
  expect(asking).toEqual([]);
});
