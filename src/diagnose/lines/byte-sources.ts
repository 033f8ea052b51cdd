import { type FileHandle, open } from 'node:fs/promises';
import type { ByteSource } from './log-cursor.js';

/** A file, or anything that can be opened as one. Throws the errors of open(2). */
export async function fileSource(path: string | URL): Promise<ByteSource & { size: number }> {
  const handle: FileHandle = await open(path, 'r');
  const { size } = await handle.stat();
  return {
    size,
    read: async (target, offset, length) => (await handle.read(target, offset, length, null)).bytesRead,
    close: () => handle.close(),
  };
}

/** Chunks from a stream or a generator; strings count as UTF-8. */
export function chunkSource(chunks: AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>): ByteSource {
  const iterator = Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]();
  let rest: Uint8Array = new Uint8Array(0);
  return {
    async read(target, offset, length) {
      while (rest.length === 0) {
        const next = await iterator.next();
        if (next.done) return 0;
        rest = typeof next.value === 'string' ? Buffer.from(next.value, 'utf8') : next.value;
      }
      const count = Math.min(length, rest.length);
      target.set(rest.subarray(0, count), offset);
      rest = rest.subarray(count);
      return count;
    },
    async close() {
      await iterator.return?.();
    },
  };
}
