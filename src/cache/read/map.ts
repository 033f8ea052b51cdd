import type { MappedFile } from '../../file/index.js';
import { mapPrivate } from '../../os/mmap.js';
import { assertHoldable } from '../../os/transfer.js';
import type { CacheCore } from '../core/index.js';
import { LONGEST_SPARE } from '../shared/index.js';
import type { OpenEntry } from '../storage/index.js';
import { openFresh } from './open-entry.js';

/**
 * The encoded value of a key, mapped into memory without a copy, or `undefined` where there is none. The first byte is
 * available at once, whatever the size. All processes that map the value share its pages. The bytes do not change until
 * `close()`, whatever happens to the entry, the cache or its directory. The mapping outlives `close()` of the cache.
 *
 * The header is checked, and the length of the file. The value is *not* checked, since that would mean to read it:
 * `readStream` and `get` do, and `verify` checks every entry. An entry of at most a page is checked and copied.
 * `ERR_VALUE_TOO_LARGE` where a Buffer of this Node cannot hold the value.
 */
export async function map(core: CacheCore, key: unknown): Promise<MappedFile | undefined> {
  const place = core.place(key);
  const opened = await openFresh(core, place, LONGEST_SPARE);
  if (opened === undefined) return undefined;
  const path = core.storage.pathOf(place);
  if (opened.kind === 'open') return mappedEntry(opened, path);
  const { payload } = opened.entry;
  // As with a mapping: after `close` the bytes read as zeros.
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
