import { strict as assert } from 'node:assert';
import { CacheCore } from '../../src/cache/core/core.js';
import type { FileCacheOptions } from '../../src/cache/core/options.js';
import { EraEnded } from '../../src/cache/era/era.js';
import { Evictor } from '../../src/cache/eviction/index.js';
import { SHARDS } from '../../src/cache/format/key.js';
import { decodeEntry, freshEntry, keys, walk } from '../../src/cache/read/index.js';
import { runSteps } from '../../src/cache/sections/steps.js';
import { stampTags } from '../../src/cache/shared/tags.js';
import type { Committed, Storage, StorageContext } from '../../src/cache/storage/index.js';
import { totals, verify } from '../../src/cache/upkeep/index.js';
import { encode, newHeader, set, update, WriteStreams } from '../../src/cache/write/index.js';
import { clearNow } from '../helpers/cache.js';

/** A store that claims are held against: how a cache with it is opened. */
export interface StoreUnderTest {
  readonly strategy: 'rename' | 'flock';
  /** Default: the one of the strategy. */
  readonly make?: (context: StorageContext) => Storage;
}

/** What a claim gets: a cache with the store, empty, and a way to open it once more with other options. */
export interface Opened {
  readonly core: CacheCore;
  readonly open: (options?: Partial<FileCacheOptions>) => CacheCore;
}

export function openCore({ strategy, make }: StoreUnderTest, options: FileCacheOptions): CacheCore {
  return new CacheCore({ codec: 'bytes', memory: false, strategy, ...options }, make);
}

const LENGTHS = [0, 1, 700, 4_000, 70_000, 1_100_000];

function bytesOf(length: number, seed = 7): Buffer {
  return Buffer.alloc(length, Buffer.from(Uint8Array.from({ length: 251 }, (_, index) => (index * seed) % 251)));
}

function place(core: CacheCore, key = 'key') {
  return core.place(key);
}

async function put(core: CacheCore, key: string, value: Buffer, options: { ttl?: number } = {}): Promise<Committed> {
  return core.storage.put(place(core, key), encode(core, place(core, key), value, options));
}

async function foundValue(core: CacheCore, key = 'key'): Promise<unknown> {
  return core.storage.find(place(core, key), (found) => {
    const entry = freshEntry(core, place(core, key), found);
    return entry && decodeEntry(core, place(core, key), entry)?.value;
  });
}

function valueOfSync(core: CacheCore, key = 'key'): unknown {
  const entry = freshEntry(core, place(core, key), core.storage.findSync(place(core, key)));
  return entry && decodeEntry(core, place(core, key), entry)?.value;
}

async function listed(core: CacheCore): Promise<string[]> {
  const all: string[] = [];
  for await (const { key } of walk(core)) all.push(key);
  return all.sort();
}

/** What the words say of the whole cache is what a count by hand comes to. */
async function assertTotals(core: CacheCore): Promise<void> {
  for (let shard = 0; shard < SHARDS; shard += 1) {
    const { counted, noted } = await runSteps(core, core.storage.upkeep.recount(core.sections.era, shard, 'compare'));
    assert.deepEqual(noted, counted, `shard ${shard}`);
  }
}

/** What every store keeps. Each claim is tried on a cache of its own. */
export const CLAIMS: Readonly<Record<string, (opened: Opened) => Promise<void>>> = {
  'what was put is found, of any length, by both ways': async ({ core }) => {
    for (const length of LENGTHS) {
      assert.equal(await put(core, 'key', bytesOf(length)), 'committed');
      assert.deepEqual(await foundValue(core), bytesOf(length));
      core.storage.putSync(place(core), encode(core, place(core), bytesOf(length, 11), {}));
      assert.deepEqual(valueOfSync(core), bytesOf(length, 11));
    }
    assert.equal(valueOfSync(core, 'another'), undefined);
  },

  'it is found by other instances, with a small inlineLimit too': async ({ core, open }) => {
    for (const length of LENGTHS) {
      await put(core, 'key', bytesOf(length));
      for (const inlineLimit of [0, 100]) assert.deepEqual(await foundValue(open({ inlineLimit })), bytesOf(length));
      assert.deepEqual(await foundValue(open({ flush: true })), bytesOf(length));
    }
  },

  'where nothing has to be waited for no promise is made': async ({ core }) => {
    assert.equal(core.storage.put(place(core), encode(core, place(core), bytesOf(9), {})), 'committed');
    assert.equal(
      core.storage.find(place(core), ({ kind }) => kind),
      'entry',
    );
  },

  'what is open is not changed by later writes and reads': async ({ core }) => {
    for (const length of [50, 1_100_000]) {
      await put(core, 'key', bytesOf(length));
      const opened = await core.storage.open(place(core), 4_096);
      for (const key of ['key', 'other']) await put(core, key, bytesOf(length, 13));
      assert.deepEqual(valueOfSync(core, 'other'), bytesOf(length, 13));
      const found = opened.kind === 'open' ? await core.storage.readOpened(opened) : opened;
      assert(found.kind === 'entry');
      assert.deepEqual(found.entry.payload, bytesOf(length));
    }
  },

  'a condition is asked in the section, where it sees what is there; refused, nothing changes': async ({ core }) => {
    for (const length of [50, 1_100_000]) {
      await put(core, 'key', bytesOf(length));
      const at = place(core);
      const refuse: Parameters<Storage['put']>[2] = (era) => {
        const seen = core.storage.openInside(era, at);
        if (seen.kind === 'open') seen.close();
        assert(seen.kind !== 'absent' && seen.kind !== 'damaged');
        assert.equal(core.storage.readInside(era, at).kind, 'entry');
        assert.throws(() => core.sections.insideSync(at.shard, 'exclusive', () => {}), { code: 'ERR_LOCK_CONFLICT' });
        return false;
      };
      const value = encode(core, at, bytesOf(length, 13), {});
      const epoch = core.sections.era.words.epoch(at.slot);
      assert.equal(await core.storage.put(at, value, refuse), 'refused');
      assert.equal(core.storage.putSync(at, value, refuse), 'refused');
      assert.equal(await core.storage.remove(at, refuse), 'refused');
      assert.equal(core.storage.removeSync(at, refuse), 'refused');
      assert.equal(core.sections.era.words.epoch(at.slot), epoch);
      assert.deepEqual(valueOfSync(core), bytesOf(length));
    }
  },

  'every change moves the epoch of its slot, and leaves it even': async ({ core }) => {
    const { words } = core.sections.era;
    const { slot, shard } = place(core);
    let before = words.epoch(slot);
    const moved = async (change: () => unknown) => {
      await change();
      assert.notEqual(words.epoch(slot), before);
      before = words.epoch(slot);
      assert.deepEqual([before % 2, words.busy(shard)], [0, 0]);
    };
    for (const length of LENGTHS) await moved(() => put(core, 'key', bytesOf(length)));
    await moved(() => core.storage.remove(place(core)));
    await moved(() => put(core, 'key', bytesOf(5)));
    await moved(() => core.storage.removeSync(place(core)));
  },

  'a removal tells what it came to': async ({ core }) => {
    const { storage, counters } = core;
    assert.equal(await storage.remove(place(core)), 'absent');
    await put(core, 'key', bytesOf(5));
    assert.equal(await storage.remove(place(core)), 'removed');
    await put(core, 'key', bytesOf(5), { ttl: 0 });
    assert.equal(storage.removeSync(place(core)), 'swept');
    assert.equal(storage.removeSync(place(core)), 'absent');
    assert.deepEqual([counters.sets, counters.deletes, valueOfSync(core)], [2, 1, undefined]);
  },

  'totals are what a count by hand comes to, and lengthOf says beforehand what is taken': async ({ core }) => {
    for (const length of LENGTHS) {
      const encoded = encode(core, place(core), bytesOf(length), {});
      await core.storage.put(place(core), encoded);
      await put(core, `other ${length}`, bytesOf(length));
      await assertTotals(core);
      await core.storage.remove(place(core, `other ${length}`));
      await core.storage.remove(place(core));
      await core.storage.put(place(core), encode(core, place(core), bytesOf(length), {}));
      const { entries, bytes } = await totals(core);
      assert.deepEqual([entries, bytes], [1, core.storage.lengthOf(encoded.bytes.length)]);
    }
    await assertTotals(core);
  },

  'what is staged is found when it is committed, and leaves nothing otherwise': async ({ core }) => {
    const { storage, sections } = core;
    const header = () => ({ ...newHeader(core, place(core), {}), rewritable: false });
    for (const outcome of ['committed', 'refused', 'ended'] as const) {
      const staged = storage.stage(sections.era, place(core), header());
      for (const part of [bytesOf(100_000), bytesOf(0), bytesOf(3)]) await staged.append(part);
      assert.equal(staged.lengthWith(100), staged.lengthWith(0) + 100);
      assert.equal(valueOfSync(core), undefined);
      if (outcome === 'ended') {
        clearNow(core);
        await assert.rejects(staged.commit(header), EraEnded);
      } else {
        assert.equal(await staged.commit(header, () => outcome === 'committed'), outcome);
      }
      await staged.end();
      await staged.end();
      const whole = Buffer.concat([bytesOf(100_000), bytesOf(3)]);
      assert.deepEqual(valueOfSync(core), outcome === 'committed' ? whole : undefined);
      if (outcome === 'committed') assert.equal((await totals(core)).bytes, staged.lengthWith(0));
      await storage.remove(place(core));
      assert.equal((await verify(core)).found, 0);
    }
  },

  'an era that has ended took its entries along; tags of it are current in the next': async ({ core }) => {
    for (const length of [50, 1_100_000]) {
      const options = { stamps: stampTags(core.sections.era, ['a']) };
      const value = encode(core, place(core), bytesOf(length), options);
      await put(core, 'old', bytesOf(length));
      clearNow(core);
      assert.equal(valueOfSync(core, 'old'), undefined);
      assert.deepEqual(await listed(core), []);
      assert.equal(await core.storage.put(place(core), value), 'committed');
      assert.deepEqual(valueOfSync(core), bytesOf(length));
    }
  },

  'a walk gives every entry once, expired ones too; what has expired can be removed': async ({ core }) => {
    const all = Array.from({ length: 40 }, (_, index) => `key ${index}`).sort();
    for (const [index, key] of all.entries()) await put(core, key, bytesOf(9), index < 10 ? { ttl: 0 } : {});
    assert.deepEqual(await listed(core), all);
    const fresh: string[] = [];
    for await (const key of keys(core)) fresh.push(key);
    assert.deepEqual(fresh.sort(), all.slice(10));
    const removed = { entries: 0, bytes: 0 };
    const { era } = core.sections;
    for (let shard = 0; shard < SHARDS; shard += 1) {
      await runSteps(core, core.storage.upkeep.removeExpired(era, shard, Date.now() + 1, removed));
    }
    assert.deepEqual([removed.entries, await listed(core)], [10, all.slice(10)]);
    await assertTotals(core);
    assert.deepEqual([(await verify(core)).entries, (await verify(core)).found], [30, 0]);
  },

  'a limit is kept, and what was used last stays': async ({ core }) => {
    const evictor = new Evictor(core, { maxEntries: 8 });
    const { words } = core.sections.era;
    for (let index = 0; index < 30; index += 1) {
      await set(core, evictor, `key ${index}`, bytesOf(9), {});
      words.touch(place(core, 'key 0').slot, 1_000_000 + index);
    }
    assert.equal((await totals(core)).entries, 8);
    assert.deepEqual(valueOfSync(core, 'key 29'), bytesOf(9));
    await assertTotals(core);
    await evictor.close();
  },

  'updates that run at once lose nothing, and streams are stored': async ({ core, open }) => {
    const cores = [core, open()];
    const change = (old: unknown) => Buffer.from([...((old as Buffer | undefined) ?? []), 1]);
    const none = (of: CacheCore) => new Evictor(of, {});
    await Promise.all([...cores, ...cores].map((of) => update(of, none(of), 'key', change, {})));
    assert.equal((valueOfSync(core) as Buffer).length, 4);
    const stream = new WriteStreams(core, none(core)).create('key', {});
    const finished = new Promise((resolve, reject) => stream.once('close', resolve).once('error', reject));
    stream.end(bytesOf(300_000));
    await finished;
    assert.deepEqual(await foundValue(core), bytesOf(300_000));
  },
};
