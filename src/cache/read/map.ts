import type { MappedFile } from '../../file/index.js';
import { mapPrivate } from '../../os/mmap.js';
import { assertHoldable } from '../../os/transfer.js';
import type { CacheCore } from '../core/index.js';
import { LONGEST_SPARE } from '../shared/index.js';
import type { OpenEntry } from '../storage/index.js';
import { openFresh } from './open-entry.js';

/**
 * The encoded value of a key in memory, without a copy, or `undefined` where there is none: its first byte is there at once, whatever the
 * size, and its pages are shared with every process that maps it. The version stays as it is, whatever happens to the entry, the cache
 * or its directory, until `close()`; it outlives `close()` of the cache.
 *
 * The header is checked, and that the file is as long as it says. The value is *not*: to check it would be to read it. Who needs that
 * uses `readStream` or `get`; `verify` checks every entry. An entry of at most a page is checked and copied. `ERR_VALUE_TOO_LARGE` where it is more than a Buffer of this Node can hold.
 */
export async function map(core: CacheCore, key: unknown): Promise<MappedFile | undefined> {
  const place = core.place(key);
  const opened = await openFresh(core, place, LONGEST_SPARE);
  if (opened === undefined) return undefined;
  const path = core.storage.pathOf(place);
  if (opened.kind === 'open') return mappedEntry(opened, path);
  const { payload } = opened.entry;
  // As a mapping does: whoever looks at it after the end sees zeros.
  return mapped(path, payload, () => payload.fill(0));
}

function mappedEntry({ fd, header, close }: OpenEntry, path: string): MappedFile {
  try {
    const end = header.payloadOffset + header.payloadLength;
    assertHoldable(end, path);
    const mapping = mapPrivate(fd, end);
    return mapped(path, mapping.bytes.subarray(header.payloadOffset), () => mapping.close());
  } finally {
    close();
  }
}

function mapped(path: string, bytes: Buffer, end: () => void): MappedFile {
  return {
    path,
    bytes,
    async close() {
      end();
    },
    async [Symbol.asyncDispose]() {
      end();
    },
  };
}
