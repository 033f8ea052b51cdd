import { createHash } from 'node:crypto';
import { readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { FileCache } from '../../../src/cache/file-cache.js';
import { encodeHeader } from '../../../src/cache/format/entry.js';
import { temporaryFolder } from '../../helpers/folder.js';
import { needs } from '../../helpers/needs.js';
import { warningsAreMeant } from '../../helpers/warnings.js';

warningsAreMeant('HOLDFAST_DAMAGED_ENTRY');

/** More than a Buffer can hold, and less than the longest file of ext4. */
const CLAIMED = 2 ** 43;

describe.skipIf(!needs('koffi'))('a hostile entry', () => {
  test('that claims more than any Buffer can hold, in a sparse file of that length, is a miss and not an error', async () => {
    const directory = `${temporaryFolder()}/cache`;
    const cache = new FileCache({ directory });
    const era = readdirSync(`${directory}/v1`).find((name) => name.startsWith('era-'));
    const hash = createHash('sha256').update('key').digest('hex');
    const path = `${directory}/v1/${era}/data/${hash.slice(0, 2)}/${hash}`;
    const header = encodeHeader(
      {
        key: 'key',
        codec: 'json',
        rewritable: false,
        createdAt: 0,
        expiresAt: Number.POSITIVE_INFINITY,
        staleUntil: Number.POSITIVE_INFINITY,
        version: 1n,
        tags: [],
        payloadLength: CLAIMED,
      },
      0,
    );
    writeFileSync(path, header);
    truncateSync(path, CLAIMED + CLAIMED / 1024);
    expect(await cache.get('key')).toBeUndefined();
    await cache.set('key', 'whole');
    expect(await cache.get('key')).toBe('whole');
    await cache.close();
  });
});
