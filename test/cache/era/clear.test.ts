import { readdirSync, writeFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { FileCache } from '../../../src/cache/file-cache.js';
import { quickFolder } from '../../helpers/folder.js';
import { scaled } from '../../helpers/scale.js';
import { skipWithoutKoffi } from '../../helpers/with-koffi.js';

skipWithoutKoffi();

const ENTRIES = scaled(20_000, 100_000);

test('clear of very many entries returns with an empty cache, and deletes the old ones behind', async () => {
  const directory = `${quickFolder()}/cache`;
  const cache = new FileCache({ directory });
  onTestFinished(() => cache.close());
  cache.setSync('key', 'old');
  fill(directory);

  await cache.clear();

  // Nothing was deleted before it returned: what was there has been moved aside whole.
  const [ended] = namesIn(directory, 'ended-');
  expect(countFiles(`${directory}/v1/${ended}`)).toBeGreaterThan(ENTRIES / 2);
  expect(cache.getSync('key')).toBeUndefined();
  expect(await cache.stats()).toMatchObject({ entries: 0, bytes: 0, damaged: 0 });
  cache.setSync('key', 'new');
  await cache.close();
  expect(namesIn(directory, 'ended-')).toEqual([]);
  expect(namesIn(directory, 'era-')).toHaveLength(1);
});

function fill(directory: string): void {
  const [era] = namesIn(directory, 'era-');
  const bytes = Buffer.alloc(100);
  for (let index = 0; index < ENTRIES; index += 1) {
    const shard = (index % 256).toString(16).padStart(2, '0');
    writeFileSync(`${directory}/v1/${era}/data/${shard}/${shard}${index.toString(16).padStart(62, '0')}`, bytes);
  }
}

function countFiles(folder: string): number {
  return readdirSync(folder, { recursive: true }).length;
}

function namesIn(directory: string, prefix: string): string[] {
  return readdirSync(`${directory}/v1`).filter((name) => name.startsWith(prefix));
}
