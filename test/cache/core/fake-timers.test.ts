import { createRequire } from 'node:module';
import { expect, onTestFinished, test, vi } from 'vitest';
import { FileCache } from '../../../src/cache/file-cache.js';
import { lockFile } from '../../../src/file/index.js';
import { openCache } from '../../helpers/file-cache.js';
import { quickFolder } from '../../helpers/folder.js';
import { skipWithoutKoffi } from '../../helpers/with-koffi.js';

skipWithoutKoffi();

test('under fake timers clear, close and waits for locks end as ever', async () => {
  fakeEverything();
  const directory = `${quickFolder()}/cache`;
  const cache = new FileCache({ directory });
  for (let index = 0; index < 50; index += 1) cache.setSync(`key-${index}`, index);
  await cache.clear();
  expect(await cache.getOrSet('key', async () => 'loaded')).toBe('loaded');
  await cache.update('key', (old) => `${old}, updated`);
  expect(await cache.get('key')).toBe('loaded, updated');
  await cache.prune();
  await cache.close();

  const path = `${quickFolder()}/data`;
  const held = await lockFile(path, 'exclusive');
  await expect(lockFile(path, 'exclusive', { timeout: 20 })).rejects.toMatchObject({ code: 'ERR_LOCK_TIMEOUT' });
  const next = lockFile(path, 'exclusive');
  await held.release();
  await (await next).release();
});

test('entries expire by the clock that Date.now tells, also where that is a faked one', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  for (const memory of [undefined, false] as const) {
    const { cache } = openCache(memory === false ? { memory } : {});
    await cache.set('key', 'value', { ttl: 60_000 });
    expect(await cache.get('key')).toBe('value');
    vi.setSystemTime(Date.now() + 59_000);
    expect(await cache.get('key')).toBe('value');
    vi.setSystemTime(Date.now() + 2_000);
    expect(await cache.get('key')).toBeUndefined();
  }
});

/** Globals, as vitest, Jest and sinon do, and what node:timers exports, as sinon does. */
function fakeEverything(): void {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const require = createRequire(import.meta.url);
  const nothing = () => 0;
  const never = () => new Promise<never>(() => {});
  const clears = { clearTimeout: nothing, clearInterval: nothing, clearImmediate: nothing };
  patch(require('node:timers'), { setTimeout: nothing, setInterval: nothing, setImmediate: nothing, ...clears });
  patch(require('node:timers/promises'), { setTimeout: never, setImmediate: never });
  patch(require('node:perf_hooks').performance, { now: nothing });
  patch(process, { hrtime: () => [0, 0] });
}

function patch(object: object, replacements: Record<string, unknown>): void {
  const former = Object.fromEntries(Object.keys(replacements).map((name) => [name, Reflect.get(object, name)]));
  Object.assign(object, replacements);
  onTestFinished(() => void Object.assign(object, former));
}
