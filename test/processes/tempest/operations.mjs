// @ts-check
// What a loop of the tempest does to a key of its own, and what the key may hold afterwards.
import { finished, pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { makeValue, numberOf } from './own-keys.mjs';

/**
 * @typedef {import('../../../dist/cache/file-cache.js').FileCache<Buffer>} Cache
 * @typedef {import('./own-keys.mjs').OwnKey} OwnKey
 * @typedef {{ cache: Cache, number: () => number, length: () => number, all: readonly OwnKey[] }} Loop
 */

/** @param {number} count */
const below = (count) => Math.floor(Math.random() * count);

/** @param {OwnKey} key @param {() => Promise<Buffer | undefined>} read */
async function check(key, read) {
  const since = Date.now();
  key.assertMayHold(numberOf(key.name, await read()), since);
}

/**
 * Runs a write; where it fails the key may hold what it held before, and where `mayBeDone` the new value too.
 * @param {OwnKey} key @param {number} number @param {() => Promise<unknown>} write
 * @param {{ mayBeDone?: boolean, tagged?: boolean }} [how]
 */
async function write(key, number, write, { mayBeDone = false, tagged = false } = {}) {
  try {
    await write();
  } catch (error) {
    if (mayBeDone) key.mayHaveWritten(number, { tagged });
    throw error;
  }
  key.wrote(number, { tagged });
}

/** Operations that wait without holding the thread up. @type {((loop: Loop, key: OwnKey) => Promise<unknown>)[]} */
export const asynchronous = [
  ({ cache }, key) => check(key, () => cache.get(key.name)),
  ({ cache }, key) => check(key, async () => (await cache.getEntry(key.name))?.value),
  async ({ cache }, key) => {
    const since = Date.now();
    for (const [name, value] of await cache.getMany([key.name])) key.assertMayHold(numberOf(name, value), since);
  },
  ({ cache, number, length }, key) => {
    const next = number();
    const store = () => cache.set(key.name, makeValue(key.name, next, length()), { tags: [key.tag] });
    return write(key, next, store, { tagged: true });
  },
  async ({ cache, number, length }, key) => {
    const [next, ttl] = [number(), 1 + below(30)];
    await cache.set(key.name, makeValue(key.name, next, length()), { ttl, tags: [key.tag] });
    // The time is counted from a moment within the call, which may have lasted.
    key.wrote(next, { until: Date.now() + ttl, tagged: true });
  },
  async ({ cache }, key) => {
    await cache.delete(key.name);
    key.removed();
  },
  async ({ cache, all }, key) => {
    await cache.invalidateTags([key.tag]);
    for (const other of all) if (other.tag === key.tag) other.invalidated();
  },
  async ({ cache, number, length }, key) => {
    const next = number();
    const controller = new AbortController();
    if (below(3) === 0) setTimeout(() => controller.abort(new Error('abort')), below(4)).unref();
    const since = Date.now();
    key.mayHaveWritten(next);
    const load = async () => {
      if (below(2) === 0) await delay(below(4));
      return makeValue(key.name, next, length());
    };
    const given = numberOf(key.name, await cache.getOrSet(key.name, load, { signal: controller.signal }));
    key.assertMayHold(given, since);
  },
  ({ cache, number, length }, key) => {
    const next = number();
    const since = Date.now();
    return write(key, next, () =>
      cache.update(key.name, (old) => {
        key.assertMayHold(numberOf(key.name, old), since);
        return makeValue(key.name, next, length());
      }),
    );
  },
  ({ cache, number, length }, key) => {
    const next = number();
    const stream = cache.writeStream(key.name, { tags: [key.tag] });
    const bytes = makeValue(key.name, next, length());
    if (below(4) === 0) setTimeout(() => stream.destroy(new Error('abort')), below(3)).unref();
    return write(key, next, () => pipeline([bytes.subarray(0, 9), bytes.subarray(9)], stream), {
      mayBeDone: true,
      tagged: true,
    });
  },
  async ({ cache }, key) => {
    const since = Date.now();
    const stream = await cache.readStream(key.name);
    if (stream === undefined) return;
    if (below(4) === 0) {
      stream.destroy();
      await finished(stream).catch(() => {});
      return;
    }
    const bytes = Buffer.concat(await stream.toArray());
    key.assertMayHold(numberOf(key.name, bytes), since);
  },
  async ({ cache }, key) => {
    const since = Date.now();
    const mapped = await cache.map(key.name);
    if (mapped === undefined) return;
    key.assertMayHold(numberOf(key.name, mapped.bytes), since);
    await mapped.close();
  },
  async ({ cache }) => {
    let left = 20;
    for await (const name of cache.keys()) {
      if (typeof name !== 'string') throw new Error('a key that is no string');
      left -= 1;
      if (left === 0) break;
    }
  },
];

/** Those that change everybody's entries, or look at all of them: seldom. @type {((loop: Loop) => Promise<unknown>)[]} */
export const rare = [({ cache }) => cache.clear(), ({ cache }) => cache.prune(), ({ cache }) => cache.stats()];

/** Operations that may sleep on the thread. @type {((loop: Loop, key: OwnKey) => void)[]} */
export const synchronous = [
  ({ cache }, key) => {
    const since = Date.now();
    key.assertMayHold(numberOf(key.name, cache.getSync(key.name)), since);
  },
  ({ cache, number, length }, key) => {
    const next = number();
    cache.setSync(key.name, makeValue(key.name, next, length()), { tags: [key.tag] });
    key.wrote(next, { tagged: true });
  },
  ({ cache }, key) => {
    cache.deleteSync(key.name);
    key.removed();
  },
  ({ cache, number, length }, key) => {
    const next = number();
    const since = Date.now();
    cache.updateSync(key.name, (old) => {
      key.assertMayHold(numberOf(key.name, old), since);
      return makeValue(key.name, next, length());
    });
    key.wrote(next);
  },
];
