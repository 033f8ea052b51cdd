// @ts-check
// Opens each contender of bench:peers, used as its own documentation says. A name may carry flags, with colons between them. A package
// is loaded when its contender is opened, so that one that could not be installed is missing by itself.
import { randomUUID } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { FileCache } from '../../dist/index.js';

/**
 * @typedef {import('../../dist/bench/contenders/contender.js').Contender} Contender
 * @typedef {import('../../dist/bench/values/value.js').BenchValue} BenchValue
 */

/**
 * @param {string} name
 * @param {string} directory
 * @returns {Promise<Contender>}
 */
export async function openContender(name, directory) {
  const [base = '', ...flags] = name.split(':');
  const open = contenders[base];
  if (open === undefined) throw new Error(`There is no contender ${name}.`);
  return open(directory, new Set(flags));
}

/** @type {Record<string, (directory: string, flags: ReadonlySet<string>) => Contender | Promise<Contender>>} */
const contenders = {
  holdfast(directory, flags) {
    const cache = new FileCache({
      directory: `${directory}/cache`,
      strategy: flags.has('flock') ? 'flock' : 'rename',
      ...(flags.has('disk') ? { memory: false } : {}),
      lockTimeout: 60_000,
    });
    const calls = flags.has('sync') ? synchronous(cache) : asynchronous(cache);
    return { ...calls, tellsLockWaits: true, close: () => cache.close() };
  },

  async cacache(directory) {
    const { default: cacache } = await import('cacache');
    const read = async (/** @type {string} */ key) => JSON.parse(String((await cacache.get(directory, key)).data));
    const write = async (/** @type {string} */ key, /** @type {unknown} */ value) => {
      await cacache.put(directory, key, JSON.stringify(value));
    };
    return { read, write, ...counting(read, write), close() {} };
  },

  async bentocache(directory) {
    const { BentoCache, bentostore } = await import('bentocache');
    const { fileDriver } = await import('bentocache/drivers/file');
    const files = bentostore().useL2Layer(fileDriver({ directory, pruneInterval: false }));
    const bento = new BentoCache({ default: 'files', stores: { files } });
    const read = (/** @type {string} */ key) => bento.get({ key });
    const write = async (/** @type {string} */ key, /** @type {any} */ value) => {
      await bento.set({ key, value });
    };
    return {
      read,
      write,
      ...counting(read, write),
      load: (key, factory) => bento.getOrSet({ key, factory }),
      close: () => bento.disconnectAll(),
    };
  },

  async 'keyv-file'(directory) {
    const { KeyvFile } = await import('keyv-file');
    const { default: Keyv } = await import('keyv');
    const keyv = new Keyv({ store: new KeyvFile({ filename: `${directory}/keyv.json` }) });
    const read = (/** @type {string} */ key) => keyv.get(key);
    const write = async (/** @type {string} */ key, /** @type {unknown} */ value) => {
      await keyv.set(key, value);
    };
    return { read, write, ...counting(read, write), close: () => keyv.disconnect() };
  },

  async 'cache-manager-fs-hash'(directory) {
    const { default: fsHash } = await import('cache-manager-fs-hash');
    const { createCache } = await import('cache-manager');
    const store = new fsHash.DiskStore({ path: `${directory}/cache` });
    const cache = createCache(store);
    const read = (/** @type {string} */ key) => store.get(key);
    const write = async (/** @type {string} */ key, /** @type {unknown} */ value) => {
      await store.set(key, value);
    };
    return { read, write, ...counting(read, write), load: (key, load) => cache.wrap(key, load), close() {} };
  },

  async unstorage(directory) {
    const { createStorage } = await import('unstorage');
    const { default: fsDriver } = await import('unstorage/drivers/fs');
    const storage = createStorage({ driver: fsDriver({ base: directory }) });
    /** @param {string} key */
    const read = async (key) => /** @type {BenchValue | undefined} */ ((await storage.getItem(key)) ?? undefined);
    const write = (/** @type {string} */ key, /** @type {any} */ value) => storage.setItem(key, value);
    return { read, write, ...counting(read, write), close: () => storage.dispose() };
  },

  async lmdb(directory, flags) {
    const { open } = await import('lmdb');
    const cache = flags.has('validated') ? { cache: { validated: true } } : flags.has('cache') ? { cache: true } : {};
    const db = open({ path: `${directory}/data.mdb`, ...cache });
    return {
      read: (key) => db.get(key),
      async write(key, value) {
        await db.put(key, value);
      },
      async increment(key) {
        await db.transaction(() => {
          // Inside, a put is synchronous.
          void db.put(key, Number(db.get(key) ?? 0) + 1);
        });
      },
      count: (key) => Number(db.get(key) ?? 0),
      close: () => db.close(),
    };
  },

  async 'better-sqlite3'(directory) {
    const { default: Database } = await import('better-sqlite3');
    const db = new Database(`${directory}/cache.db`);
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = NORMAL');
    db.exec('CREATE TABLE IF NOT EXISTS cache (key TEXT PRIMARY KEY, value) WITHOUT ROWID');
    const select = db.prepare('SELECT value FROM cache WHERE key = ?').pluck();
    const upsert = db.prepare(
      'INSERT INTO cache (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
    );
    const add = db.prepare(
      'INSERT INTO cache (key, value) VALUES (?, 1) ON CONFLICT (key) DO UPDATE SET value = value + 1',
    );
    return {
      read(key) {
        const text = select.get(key);
        return text === undefined ? undefined : JSON.parse(String(text));
      },
      write: (key, value) => void upsert.run(key, JSON.stringify(value)),
      increment: (key) => void add.run(key),
      count: (key) => Number(select.get(key) ?? 0),
      close: () => void db.close(),
    };
  },

  fs(directory, flags) {
    const pathOf = (/** @type {string} */ key) => `${directory}/${key}.json`;
    const read = (/** @type {string} */ key) => {
      const text = textOf(pathOf(key));
      return text === undefined || text === '' ? undefined : JSON.parse(text);
    };
    const write = (/** @type {string} */ key, /** @type {unknown} */ value) => {
      if (!flags.has('rename')) return writeFileSync(pathOf(key), JSON.stringify(value));
      const temporaryPath = `${directory}/.${randomUUID()}`;
      writeFileSync(temporaryPath, JSON.stringify(value));
      renameSync(temporaryPath, pathOf(key));
    };
    return { read, write, ...counting(read, write), close() {} };
  },

  Map() {
    const map = new Map();
    return { read: (key) => map.get(key), write: (key, value) => void map.set(key, value), close() {} };
  },

  async 'lru-cache'() {
    const { LRUCache } = await import('lru-cache');
    const cache = new LRUCache({ max: 100_000 });
    return {
      read: (key) => /** @type {BenchValue | undefined} */ (cache.get(key)),
      write: (key, value) => void cache.set(key, value),
      close() {},
    };
  },
};

/**
 * @param {FileCache} cache
 * @returns {Omit<Contender, 'close'>}
 */
function asynchronous(cache) {
  return {
    read: (key) => /** @type {Promise<BenchValue | undefined>} */ (cache.get(key)),
    write: (key, value) => cache.set(key, value),
    async increment(key) {
      await cache.update(key, (old) => Number(old ?? 0) + 1);
    },
    count: async (key) => Number(await cache.get(key)),
    load: (key, load) => cache.getOrSet(key, load),
  };
}

/**
 * @param {FileCache} cache
 * @returns {Omit<Contender, 'close'>}
 */
function synchronous(cache) {
  return {
    read: (key) => /** @type {BenchValue | undefined} */ (cache.getSync(key)),
    write: (key, value) => cache.setSync(key, value),
    increment: (key) => void cache.updateSync(key, (old) => Number(old ?? 0) + 1),
    count: (key) => Number(cache.getSync(key)),
  };
}

/**
 * Counting up with a get and a set, which is all that many have.
 *
 * @param {(key: string) => any} read
 * @param {(key: string, value: any) => unknown} write
 */
function counting(read, write) {
  const count = async (/** @type {string} */ key) => Number((await readOrNothing(read, key)) ?? 0);
  return {
    count,
    async increment(/** @type {string} */ key) {
      await write(key, (await count(key)) + 1);
    },
  };
}

/**
 * Some reject where there is nothing.
 *
 * @param {(key: string) => any} read
 * @param {string} key
 */
async function readOrNothing(read, key) {
  try {
    return await read(key);
  } catch (error) {
    const code = /** @type {{ code?: string }} */ (error).code;
    if (code === 'ENOENT') return undefined;
    throw error;
  }
}

/** @param {string} path */
function textOf(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (/** @type {{ code?: string }} */ (error).code === 'ENOENT') return undefined;
    throw error;
  }
}
