import { createContext, runInContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { freezeDeeply } from '../../src/cache/read/share-value.js';
import { lockFile, readFile, updateFile, writeFile } from '../../src/file/index.js';
import { openCache } from '../helpers/file-cache.js';
import { quickFolder } from '../helpers/folder.js';
import { needs } from '../helpers/needs.js';

/** Makes values in a realm of its own, as the sandbox of a test runner does. */
const realm = createContext({});
const foreign = (code: string) => runInContext(code, realm);

/** Shaped as those of jsdom: the classes are not ours, and the older ones know neither `reason` nor `throwIfAborted`. */
function foreignSignal() {
  const listeners = new Set<() => void>();
  const signal = {
    aborted: false,
    addEventListener: (_type: string, listener: () => void) => void listeners.add(listener),
    removeEventListener: (_type: string, listener: () => void) => void listeners.delete(listener),
  };
  return {
    signal: signal as unknown as AbortSignal,
    listeners,
    abort() {
      signal.aborted = true;
      for (const listener of listeners) listener();
    },
  };
}

function foreignUrl(path: string): URL {
  const { href, protocol, hostname, pathname } = new URL(`file://${path}`);
  return { href, protocol, hostname, pathname, host: '', search: '', hash: '' } as unknown as URL;
}

describe('values of another realm are what they are:', () => {
  test('bytes', async () => {
    const path = `${quickFolder()}/data`;
    const bytes = foreign('new Uint8Array([104, 105])');
    expect(bytes instanceof Uint8Array).toBe(false);
    await writeFile(path, bytes);
    await updateFile(path, () => bytes, { strategy: 'flock' });
    await updateFile(path, () => foreign('Promise.resolve(new Uint8Array([104, 105]))'));
    expect(String(await readFile(path))).toBe('hi');
  });

  test('URLs', async () => {
    const url = foreignUrl(`${quickFolder()}/a%20file`);
    await writeFile(url, 'content');
    expect(String(await readFile(url))).toBe('content');
  });

  test('signals that abort a wait, before it and in it', async () => {
    const path = `${quickFolder()}/data`;
    const held = await lockFile(path, 'exclusive');
    const { signal, abort, listeners } = foreignSignal();
    const waiting = lockFile(path, 'exclusive', { signal });
    abort();
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    expect(listeners.size).toBe(0);
    await held.release();
    for (const strategy of ['flock', 'proper-lockfile'] as const) {
      await expect(lockFile(`${path}-${strategy}`, 'exclusive', { signal, strategy })).rejects.toMatchObject({
        name: 'AbortError',
      });
    }
  });

  test('plain objects, which are frozen all the way down', () => {
    const value = foreign('({ list: [{ deep: true }], when: new Date() })');
    freezeDeeply(value);
    expect([value, value.list, value.list[0]].every((part) => Object.isFrozen(part))).toBe(true);
    expect(Object.isFrozen(value.when)).toBe(false);
  });

  test.skipIf(!needs('koffi'))('in a cache', async () => {
    const { cache } = openCache<unknown>({ directory: foreignUrl(`${quickFolder()}/cache`), codec: 'bytes' });
    await cache.set('key', foreign('new Uint8Array([104, 105])'));
    expect(String(await cache.get('key'))).toBe('hi');
    const stream = cache.writeStream('stream');
    stream.end(foreign('new Uint8Array([104, 105])'));
    await new Promise((resolve, reject) => stream.once('finish', resolve).once('error', reject));
    expect(String(await cache.get('stream'))).toBe('hi');
    const { signal, abort } = foreignSignal();
    let began = () => {};
    const begun = new Promise<void>((resolve) => {
      began = resolve;
    });
    const loading = cache.getOrSet(
      'slow',
      (load) => {
        began();
        return new Promise((resolve) => load.signal.addEventListener('abort', resolve));
      },
      { signal },
    );
    await begun;
    abort();
    await expect(loading).rejects.toMatchObject({ name: 'AbortError' });
    await expect(cache.getOrSet('slow', () => 1, { signal })).rejects.toMatchObject({ name: 'AbortError' });
  });
});

test('what is no bytes, no URL and no signal is refused', async () => {
  const path = `${quickFolder()}/data`;
  for (const data of [{ length: 2, 0: 1, 1: 2 }, [1, 2], new ArrayBuffer(2), new Uint16Array(2), 5, null]) {
    await expect(writeFile(path, data as never)).rejects.toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
  }
  for (const signal of [{}, { aborted: false }, 'signal', new EventTarget()]) {
    await expect(readFile(path, { signal: signal as never })).rejects.toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
  }
  for (const url of [{}, { href: 'file:///x' }, new URL('http://localhost/')]) {
    await expect(readFile(url as never)).rejects.toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
  }
});
