// @ts-check
// What must work in every runtime. Each step is a name and a function that throws where it does not; none uses import.meta or a top-level
// await, so that this runs where modules are made CommonJS.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileCache, lockFile, mapFile, readFile, removeFile, tryLockFile, updateFile, writeFile } from 'holdfast';
import { processPeer, workerPeer } from './peers.mjs';

const STRATEGIES = /** @type {const} */ (['rename', 'flock']);
const FILE_STRATEGIES = /** @type {const} */ (['rename', 'flock', 'write-file-atomic', 'proper-lockfile']);
const TIMES = 20;

/**
 * @param {import('./peers.mjs').Runtime} runtime
 * @returns {{ steps: [string, () => Promise<void>][], cleanUp: () => void }}
 */
export function smokeSteps(runtime) {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-matrix-'));
  return {
    steps: [
      ['locks', () => locks(join(folder, 'locked'))],
      ['file functions', () => fileFunctions(folder)],
      ['mapFile', () => mapping(join(folder, 'mapped'))],
      ...STRATEGIES.flatMap((strategy) => {
        const cache = { directory: join(folder, `cache-${strategy}`), strategy };
        /** @type {[string, () => Promise<void>][]} */
        const steps = [
          [`FileCache ${strategy}`, () => alone(cache)],
          [`FileCache ${strategy}, two processes and a worker`, () => together(runtime, cache, folder)],
          [`FileCache ${strategy}, streams`, () => streams(cache)],
        ];
        return steps;
      }),
    ],
    cleanUp: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** @param {string} path */
async function locks(path) {
  const held = await lockFile(path, 'exclusive');
  assert.equal(tryLockFile(path, 'shared'), undefined);
  await rejects(lockFile(path, 'shared', { timeout: 20 }), 'ERR_LOCK_TIMEOUT');
  const abort = new AbortController();
  const aborted = lockFile(path, 'shared', { signal: abort.signal });
  abort.abort(Object.assign(new Error('enough'), { code: 'ENOUGH' }));
  await rejects(aborted, 'ENOUGH');
  const next = [lockFile(path, 'shared'), lockFile(path, 'shared')];
  await held.release();
  for (const lock of await Promise.all(next)) await lock.release();
}

/** @param {string} folder */
async function fileFunctions(folder) {
  for (const strategy of FILE_STRATEGIES) {
    const path = join(folder, `file-${strategy}`);
    await writeFile(path, 'a', { strategy });
    await updateFile(path, (old) => `${old}b`, { strategy });
    // That package cannot flush under Node's permission model, and says so.
    const flush = strategy !== 'write-file-atomic' || process.permission === undefined;
    if (!flush) await rejects(writeFile(path, 'no', { strategy, flush: true }), 'ERR_ACCESS_DENIED');
    await writeFile(path, new Uint8Array(Buffer.from('abc')), { strategy, flush });
    assert.equal(String(await readFile(path, { strategy })), 'abc');
    assert.equal(await removeFile(path, { strategy }), true);
    await rejects(readFile(path, { strategy }), 'ENOENT');
  }
}

/** @param {string} path */
async function mapping(path) {
  for (const length of [10, 20 * 1024 * 1024]) {
    writeFileSync(path, Buffer.alloc(length, 'm'));
    const mapped = await mapFile(path);
    assert.equal(mapped.bytes.length, length);
    assert.equal(mapped.bytes.toString('latin1', 0, 3), 'mmm');
    await mapped.close();
    assert.equal(mapped.bytes[length - 1], 0);
  }
}

/** @param {import('holdfast').FileCacheOptions} options */
async function alone(options) {
  const cache = new FileCache(options);
  await cache.set('key', { list: [1, 2, 3] }, { ttl: 60_000, tags: ['tag'] });
  assert.equal(JSON.stringify(await cache.get('key')), '{"list":[1,2,3]}');
  assert.equal(cache.hasSync('key'), true);
  await cache.invalidateTags(['tag']);
  assert.equal(cache.getSync('key'), undefined);
  cache.setSync('key', 'old');
  await cache.setMany([['other', 'x'.repeat(200_000)]]);
  assert.deepEqual([...(await cache.getMany(['key', 'other', 'none'])).keys()], ['key', 'other']);
  assert.equal(await cache.update('key', (old) => `${old}er`), 'older');
  assert.equal(await cache.getOrSet('loaded', () => 'value'), 'value');
  const keys = [];
  for await (const key of cache.keys()) keys.push(key);
  assert.deepEqual(keys.sort(), ['key', 'loaded', 'other']);
  assert.equal(await cache.delete('other'), true);
  assert.equal((await cache.verify()).problems.length, 0);
  await cache.prune();
  assert.equal((await cache.stats()).entries, 2);
  await cache.clear();
  assert.equal(await cache.get('key'), undefined);
  await cache.close();
  assert.throws(() => cache.getSync('key'), { code: 'ERR_CACHE_CLOSED' });

  const bytes = new FileCache({ ...options, codec: 'bytes', memory: false });
  await bytes.set('bytes', new Uint8Array([104, 105]));
  assert.equal(String(await bytes.get('bytes')), 'hi');
  await bytes.close();
}

/**
 * @param {import('./peers.mjs').Runtime} runtime
 * @param {import('holdfast').FileCacheOptions} options
 * @param {string} folder
 */
async function together(runtime, options, folder) {
  const cache = new FileCache(options);
  const peers = [processPeer(runtime, options), workerPeer(runtime, options)];
  try {
    const path = join(folder, 'shared-file');
    for (const peer of peers) {
      await peer.ask({ do: 'lock', path });
      assert.equal(tryLockFile(path, 'shared'), undefined);
      const waiting = lockFile(path, 'exclusive');
      await peer.ask({ do: 'unlock' });
      await (await waiting).release();

      // What another has replaced is not given out from memory.
      await cache.set('seen', 'mine');
      assert.equal(await peer.ask({ do: 'get', key: 'seen' }), 'mine');
      await peer.ask({ do: 'set', key: 'seen', value: 'theirs' });
      assert.equal(cache.getSync('seen'), 'theirs');
    }

    let loads = 0;
    const own = cache.getOrSet('cold', async () => {
      loads += 1;
      await new Promise((resolve) => setTimeout(resolve, 30));
      return 'loaded';
    });
    const others = await Promise.all(peers.map((peer) => peer.ask({ do: 'load', key: 'cold' })));
    assert.equal(await own, 'loaded');
    for (const other of others) {
      assert.equal(other.loaded, 'loaded');
      loads += other.loads;
    }
    assert.equal(loads, 1);

    const counting = peers.map((peer) => peer.ask({ do: 'increment', key: 'count', times: TIMES }));
    for (let time = 0; time < TIMES; time += 1) await cache.update('count', (old) => Number(old ?? 0) + 1);
    await Promise.all(counting);
    assert.equal(await cache.get('count'), 3 * TIMES);

    const file = join(folder, `count-${options.strategy}`);
    const filing = peers.map((peer) => peer.ask({ do: 'increment file', path: file, times: TIMES }));
    for (let time = 0; time < TIMES; time += 1) await updateFile(file, (old) => String(Number(old ?? 0) + 1));
    await Promise.all(filing);
    assert.equal(String(await readFile(file)), String(3 * TIMES));

    await cache.clear();
    for (const peer of peers) assert.equal(await peer.ask({ do: 'get', key: 'count' }), null);
  } finally {
    for (const peer of peers) await peer.end();
    await cache.close();
  }
}

/** @param {import('holdfast').FileCacheOptions} options */
async function streams(options) {
  const cache = new FileCache({ ...options, codec: 'bytes' });
  const content = Buffer.alloc(3_000_000, 'abcdefg');
  const writing = cache.writeStream('stream');
  await new Promise((resolve, reject) => {
    writing.once('finish', resolve).once('error', reject);
    writing.end(content);
  });
  const reading = await cache.readStream('stream');
  assert.ok(reading);
  const chunks = [];
  for await (const chunk of reading) chunks.push(chunk);
  assert.equal(Buffer.compare(Buffer.concat(chunks), content), 0);
  const mapped = await cache.map('stream');
  assert.equal(mapped?.bytes.length, content.length);
  await mapped?.close();
  await cache.close();
}

/**
 * As assert.rejects, which some runtimes have in their own way.
 *
 * @param {Promise<unknown>} promise
 * @param {string} code
 */
async function rejects(promise, code) {
  const outcome = await promise.then(
    () => 'resolved',
    (error) => error?.code ?? error,
  );
  assert.equal(outcome, code);
}
