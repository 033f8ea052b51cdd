import { expectTypeOf } from 'vitest';
import { type CacheEntry, FileCache, type FileCacheOptions, type Load, type TypedFileCache } from '../../src/index.js';

/*
 * What the types promise. Compiled by `npm run typecheck` and never run; where a line must not compile it says so, and the compiler
 * complains if it does.
 */

interface User {
  id: number;
  name: string;
}
declare function loadUser(id: number): Promise<User>;
declare function findUser(id: number): Promise<User | undefined>;

const directory = '/nowhere';

/** A cache of anything: each call says, or its loader does. */
export async function anything(): Promise<void> {
  const cache = new FileCache({ directory, ttl: 60_000, maxBytes: 1e9 });
  expectTypeOf(cache).toEqualTypeOf<FileCache<unknown>>();
  expectTypeOf(await cache.get('key')).toEqualTypeOf<unknown>();
  expectTypeOf(await cache.get<User>('key')).toEqualTypeOf<User | undefined>();
  expectTypeOf(cache.getSync<User>('key')).toEqualTypeOf<User | undefined>();
  expectTypeOf(await cache.getEntry<User>('key')).toEqualTypeOf<CacheEntry<User> | undefined>();
  expectTypeOf(await cache.getMany<User>(['key'])).toEqualTypeOf<Map<string, User>>();
  for await (const [key, value] of cache.entries<User>()) expectTypeOf([key, value]).toEqualTypeOf<(string | User)[]>();

  expectTypeOf(await cache.getOrSet('user:1', () => loadUser(1), { tags: ['users'] })).toEqualTypeOf<User>();
  expectTypeOf(await cache.getOrSet('user:1', () => findUser(1))).toEqualTypeOf<User | undefined>();
  expectTypeOf(await cache.getOrSet('user:1', async () => undefined)).toEqualTypeOf<undefined>();
  expectTypeOf(await cache.getOrSet('number', () => 1)).toEqualTypeOf<number>();
  expectTypeOf(await cache.getOrSet('text', ({ signal }) => fetch('', { signal }).then((r) => r.text()))).toBeString();
  expectTypeOf(await cache.getOrSet<User>('user:1', () => loadUser(1))).toEqualTypeOf<User>();
  // @ts-expect-error the loader may give undefined
  await cache.getOrSet<User>('user:1', () => findUser(1));
  await cache.getOrSet('user:1', ({ previous }) => {
    expectTypeOf(previous).toEqualTypeOf<unknown>();
    return loadUser(1);
  });
  const load: Load<User> = ({ previous }) => previous ?? loadUser(1);
  expectTypeOf(await cache.getOrSet('user:1', load)).toEqualTypeOf<User | undefined>();

  expectTypeOf(await cache.update<number>('visits', (visits = 0) => visits + 1)).toEqualTypeOf<number>();
  expectTypeOf(await cache.update('visits', (visits: number | undefined) => (visits ?? 0) + 1)).toEqualTypeOf<number>();
  expectTypeOf(await cache.update<number>('visits', async (n) => n)).toEqualTypeOf<number | undefined>();
  expectTypeOf(cache.updateSync<number>('visits', (n = 0) => n + 1)).toEqualTypeOf<number>();
  expectTypeOf(cache.updateSync<number>('visits', () => undefined)).toEqualTypeOf<number | undefined>();
  // @ts-expect-error visits is a number
  await cache.update<number>('visits', () => 'many');

  // @ts-expect-error options are an object
  await cache.set('key', 1, 5_000);
  // @ts-expect-error no such option
  await cache.set('key', 1, { tll: 5_000 });
}

/** A cache of one type. */
export async function ofOneType(cache: FileCache<string>): Promise<void> {
  expectTypeOf(await cache.get('key')).toEqualTypeOf<string | undefined>();
  // @ts-expect-error the cache holds strings
  await cache.get<number>('key');
  // @ts-expect-error the cache holds strings
  await cache.set('key', 1);
  // Somebody else may have stored another text.
  expectTypeOf(await cache.getOrSet('key', () => 'hello')).toEqualTypeOf<string>();
  expectTypeOf(await cache.getOrSet('key', () => undefined as 'hello' | undefined)).toEqualTypeOf<string | undefined>();
  // @ts-expect-error the cache holds strings
  await cache.getOrSet('key', () => 1);
  expectTypeOf(await cache.update('key', (old = '') => `${old}!`)).toEqualTypeOf<string>();
  expectTypeOf(await cache.update('key', (old) => old)).toEqualTypeOf<string | undefined>();
  await cache.setMany([['key', 'value']]);
  // @ts-expect-error the cache holds strings
  await cache.setMany([['key', 1]]);
}

/** Whoever could set anything in a cache of users would break what its type says; a function over any cache is generic. */
export async function overAny(users: FileCache<User>): Promise<void> {
  const size = async <V>(cache: FileCache<V>): Promise<number> => (await cache.stats()).entries;
  const spoil = (cache: FileCache): Promise<void> => cache.set('key', 'no user');
  await size(users);
  // @ts-expect-error a cache of users
  await spoil(users);
}

/** A cache of several. */
export async function ofSeveral(cache: FileCache<User | 'nobody'>): Promise<void> {
  expectTypeOf(await cache.getOrSet('key', () => loadUser(1))).toEqualTypeOf<User>();
  expectTypeOf(await cache.getOrSet('key', () => 'nobody')).toEqualTypeOf<'nobody'>();
  expectTypeOf(await cache.get<User>('key')).toEqualTypeOf<User | undefined>();
}

/** The codec says of what type the values are. */
export async function ofACodec(): Promise<void> {
  const bytes = new FileCache({ directory, codec: 'bytes' });
  expectTypeOf(bytes).toEqualTypeOf<FileCache<Buffer>>();
  expectTypeOf(await bytes.get('key')).toEqualTypeOf<Buffer | undefined>();
  await bytes.set('key', new Uint8Array(1));
  await bytes.setMany([['key', new Uint8Array(1)]]);
  // @ts-expect-error no bytes
  await bytes.set('key', 'text');
  expectTypeOf(await bytes.getOrSet('key', () => new Uint8Array(1))).toEqualTypeOf<Buffer>();
  expectTypeOf(await bytes.update('key', (old) => old?.subarray(1) ?? new Uint8Array(1))).toEqualTypeOf<Buffer>();

  const text = new FileCache({ directory, codec: 'text', ttl: 1_000, memory: false });
  expectTypeOf(text).toEqualTypeOf<FileCache<string>>();
  // @ts-expect-error no text
  await text.set('key', 1);

  expectTypeOf(new FileCache({ directory, codec: 'json' })).toEqualTypeOf<FileCache<unknown>>();
  expectTypeOf(new FileCache<User>({ directory, codec: 'v8' })).toEqualTypeOf<FileCache<User>>();
  const codec = {
    encode: (value: User) => Buffer.from(value.name),
    decode: (b: Buffer): User => ({ id: 1, name: `${b}` }),
  };
  expectTypeOf(new FileCache({ directory, codec })).toEqualTypeOf<FileCache<User>>();
  const options: FileCacheOptions<User> = { directory };
  expectTypeOf(new FileCache(options)).toEqualTypeOf<FileCache<User>>();
  // @ts-expect-error no such codec
  new FileCache({ directory, codec: 'xml' });
}

/** The class can be extended, and used in generic code. */
export class Users extends FileCache<User> {}
export class Anything extends FileCache {}
export class Wrapped<V> {
  readonly #cache: FileCache<V>;
  constructor(options: FileCacheOptions<V>) {
    this.#cache = new FileCache<V>(options);
  }
  async increment(key: string, value: V): Promise<V | undefined> {
    await this.#cache.set(key, value);
    await this.#cache.update(key, () => value);
    return this.#cache.get(key);
  }
}
expectTypeOf(FileCache.name).toBeString();
expectTypeOf(new Users({ directory }).get('key')).resolves.toEqualTypeOf<User | undefined>();

/** Keys that are known. */
interface Schema {
  visits: number;
  motd?: string;
  image: Buffer;
  [user: `user:${string}`]: User;
}

export async function ofASchema(id: string): Promise<void> {
  const cache = new FileCache({ directory }).typed<Schema>();
  expectTypeOf(cache).toEqualTypeOf<TypedFileCache<Schema>>();
  expectTypeOf(await cache.get('visits')).toEqualTypeOf<number | undefined>();
  expectTypeOf(await cache.get('motd')).toEqualTypeOf<string | undefined>();
  expectTypeOf(await cache.get(`user:${id}`)).toEqualTypeOf<User | undefined>();
  expectTypeOf(cache.getSync('user:1')).toEqualTypeOf<User | undefined>();
  expectTypeOf((await cache.getEntry('visits'))?.value).toEqualTypeOf<number | undefined>();
  expectTypeOf((await cache.getMany(['user:1', 'user:2'])).get('user:1')).toEqualTypeOf<User | undefined>();
  // @ts-expect-error no such key
  await cache.get('visit');
  // @ts-expect-error no such key
  await cache.delete('visit');
  await cache.set('image', new Uint8Array(1));
  // @ts-expect-error visits are counted
  await cache.set('visits', 'many');
  await cache.setMany([
    ['visits', 1],
    ['user:1', { id: 1, name: 'one' }],
  ]);
  // @ts-expect-error a user is no number
  await cache.setMany([['user:1', 1]]);
  expectTypeOf(await cache.getOrSet('user:1', () => loadUser(1))).toEqualTypeOf<User>();
  expectTypeOf(await cache.getOrSet('user:1', () => findUser(1))).toEqualTypeOf<User | undefined>();
  expectTypeOf(await cache.getOrSet('visits', ({ previous }) => (previous ?? 0) + 1)).toEqualTypeOf<number>();
  // @ts-expect-error a user is no number
  await cache.getOrSet('user:1', () => 1);
  expectTypeOf(await cache.update('visits', (visits = 0) => visits + 1)).toEqualTypeOf<number>();
  expectTypeOf(await cache.update('visits', (visits) => visits)).toEqualTypeOf<number | undefined>();
  expectTypeOf(cache.updateSync('visits', (visits = 0) => visits + 1)).toEqualTypeOf<number>();
  await cache.invalidateTags(['users']);
  await cache.close();
  // @ts-expect-error the cache holds strings
  new FileCache<string>({ directory }).typed<Schema>();
}
