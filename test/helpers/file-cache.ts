import { createHash, randomFillSync } from 'node:crypto';
import { readdirSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { onTestFinished } from 'vitest';
import type { FileCacheOptions } from '../../src/cache/core/options.js';
import { FileCache } from '../../src/cache/file-cache.js';
import { quickFolder } from './folder.js';

/** A cache for one test, and where it lies. Closed when the test ends. */
export interface TestCache<V> {
  readonly cache: FileCache<V>;
  readonly directory: string;
}

export function openCache<V = unknown>(options: Partial<FileCacheOptions<V>> = {}): TestCache<V> {
  const { directory = `${quickFolder()}/cache` } = options;
  const cache = new FileCache<V>({ ...options, directory });
  onTestFinished(() => cache.close());
  return { cache, directory: String(directory) };
}

/** The folder of the present era. */
export function eraFolder(directory: string): string {
  const era = readdirSync(`${directory}/v1`).find((name) => name.startsWith('era-'));
  return `${directory}/v1/${era}`;
}

/** The folder of the shard that holds a key. */
export function shardFolder(directory: string, key: string): string {
  return `${eraFolder(directory)}/data/${hashOf(key).slice(0, 2)}`;
}

/** The file of an entry. */
export function entryPath(directory: string, key: string): string {
  return `${shardFolder(directory, key)}/${hashOf(key)}`;
}

/** Temporaries in the folders of all shards. */
export function temporariesIn(directory: string): string[] {
  const data = `${eraFolder(directory)}/data`;
  const folders = readdirSync(data).filter((name) => !name.endsWith('.lock'));
  return folders.flatMap((folder) => readdirSync(`${data}/${folder}`).filter((name) => name.startsWith('.')));
}

export function randomBytes(length: number): Buffer {
  return randomFillSync(Buffer.alloc(length));
}

/** All that a stream delivers, or what it delivered until it failed. */
export async function collect(stream: Readable): Promise<{ bytes: Buffer; error?: unknown }> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    return { bytes: Buffer.concat(chunks) };
  } catch (error) {
    return { bytes: Buffer.concat(chunks), error };
  }
}

function hashOf(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}
