import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { FileCache } from '../../../src/cache/file-cache.js';
import { placeOf } from '../../../src/cache/format/key.js';
import { replaceSyscalls } from '../../../src/os/syscalls.js';
import { quickFolder } from '../../helpers/folder.js';
import { run } from '../../helpers/run.js';
import { skipWithoutKoffi } from '../../helpers/with-koffi.js';
import { type Moment, readByTheBook, readInUseByTheBook } from './entry-reader.js';

skipWithoutKoffi();

const KEY = 'key';
/** In the shard of the key, whose files are used again for it. */
const NEIGHBOUR = neighbourOf(KEY);

function neighbourOf(key: string): string {
  for (let n = 0; ; n += 1) if (placeOf(`neighbour ${n}`).shard === placeOf(key).shard) return `neighbour ${n}`;
}

function open(directory: string, strategy: 'rename' | 'flock'): FileCache<string> {
  const cache = new FileCache<string>({ directory, strategy, codec: 'text', memory: false });
  onTestFinished(() => cache.close());
  return cache;
}

function pathOf(directory: string): string {
  const { hash } = placeOf(KEY);
  const era = readdirSync(`${directory}/v1`).find((name) => name.startsWith('era-'));
  return `${directory}/v1/${era}/data/${hash.slice(0, 2)}/${hash}`;
}

const textOf = (entry: ReturnType<typeof readInUseByTheBook>) => entry && Buffer.from(entry.payload).toString();

describe('a reader that knows only docs/entry-format.md', () => {
  test.each(['rename', 'flock'] as const)(
    '%s: whatever is written at any moment, it reads what is current',
    (strategy) => {
      const directory = `${quickFolder()}/cache`;
      const cache = open(directory, strategy);
      let written = 0;
      const write = (key: string) => {
        written += 1;
        cache.setSync(key, `${key} ${written} `.padEnd((written * 701) % 5_000, `${written} `));
      };
      for (const key of [NEIGHBOUR, KEY]) write(key);
      for (const moment of ['opened', 'read half', 'read'] as Moment[]) {
        // Once: the file of the old version is put aside. Twice and more: it is written over.
        for (const keys of [[KEY], [KEY, NEIGHBOUR], [KEY, NEIGHBOUR, KEY], [KEY, NEIGHBOUR, NEIGHBOUR, KEY, KEY]]) {
          const current = [cache.getSync(KEY)];
          let come = false;
          const entry = readInUseByTheBook(pathOf(directory), KEY, (at) => {
            if (at !== moment || come) return;
            come = true;
            for (const key of keys) {
              write(key);
              current.push(cache.getSync(KEY));
            }
          });
          expect(current).toContain(textOf(entry));
        }
      }
    },
  );

  test('a version that was written and never published is not given out', () => {
    const directory = `${quickFolder()}/cache`;
    const cache = open(directory, 'rename');
    cache.setSync(KEY, 'first');
    const fail = () => {
      throw Object.assign(new Error('EIO: input/output error'), { code: 'EIO' });
    };
    let come = false;
    const entry = readInUseByTheBook(pathOf(directory), KEY, (at) => {
      if (at !== 'opened' || come) return;
      come = true;
      cache.setSync(KEY, 'second');
      const restore = replaceSyscalls({ exchange: fail, rename: fail });
      // It lies whole in the file that the reader has open by now.
      expect(() => cache.setSync(KEY, 'never')).toThrow('EIO');
      restore();
    });
    expect(textOf(entry)).toBe('second');
  });

  test('who reads on in the file that it has opened finds the entry of another key there', () => {
    const directory = `${quickFolder()}/cache`;
    const cache = open(directory, 'rename');
    for (const key of [NEIGHBOUR, KEY]) cache.setSync(key, 'first');
    const fd = openSync(pathOf(directory), 'r');
    onTestFinished(() => closeSync(fd));
    for (const key of [KEY, NEIGHBOUR]) cache.setSync(key, 'second');
    expect(readByTheBook(readFileSync(fd))).toMatchObject({ entry: { key: NEIGHBOUR } });
  });

  test.each(['rename', 'flock'] as const)(
    '%s: beside a process that writes, it reads no torn, foreign or older value',
    async (strategy) => {
      const directory = `${quickFolder()}/cache`;
      open(directory, strategy).setSync(KEY, `${KEY} 0 `);
      const writer = run('same-shard-writer.mjs', [directory, strategy, KEY, NEIGHBOUR]);
      await writer.said('writing');
      const path = pathOf(directory);
      const seen = new Set<number>();
      let last = 0;
      for (let reads = 0; reads < 100_000 && (seen.size < 50 || reads < 2_000); reads += 1) {
        const text = textOf(readInUseByTheBook(path, KEY));
        if (text === undefined) continue;
        const number = Number(text.split(' ')[1]);
        expect(text).toBe(`${KEY} ${number} `.padEnd((number * 701) % 5_000, `${number} `));
        expect(number).toBeGreaterThanOrEqual(last);
        last = number;
        seen.add(number);
      }
      writer.say('end');
      expect((await writer.ended).exitCode).toBe(0);
      expect(seen.size).toBeGreaterThanOrEqual(50);
    },
  );
});
