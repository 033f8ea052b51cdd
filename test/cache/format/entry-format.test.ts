import { readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import {
  decodeHeader,
  decodePayload,
  type EntryHeader,
  encodeEntry,
  LONGEST_HEADER,
} from '../../../src/cache/format/entry.js';
import { crc, readByTheBook } from './entry-reader.js';

const DOCUMENT = readFileSync(new URL('../../../docs/entry-format.md', import.meta.url), 'utf8');
const EXAMPLE = DOCUMENT.slice(DOCUMENT.indexOf('\n## Example\n'));
const BYTES = Buffer.from(hexOfDump(fenced('text')), 'hex');

describe('the example in docs/entry-format.md', () => {
  const { version, payload, ...rest } = JSON.parse(fenced('json'));
  const fields: Omit<EntryHeader, 'payloadLength'> = { ...rest, version: BigInt(`0x${version}`) };

  test('is what its fields are encoded to', () => {
    expect(encodeEntry(fields, Buffer.from(payload)).toString('hex')).toBe(BYTES.toString('hex'));
  });

  test('decodes to its fields', () => {
    const header = decodeHeader(BYTES, BYTES.length);
    if (!header.ok) throw new Error(header.damage);
    expect(header.value).toMatchObject(fields);
    const decoded = decodePayload(BYTES, header.value);
    expect(decoded.ok && decoded.value.toString()).toBe(payload);
  });

  test('decodes to its fields also with a reader that follows the document', () => {
    const { codec, ...others } = fields;
    expect(codec).toBe('json');
    expect(readByTheBook(BYTES)).toMatchObject({
      entry: { ...others, codec: 2, payload: new TextEncoder().encode(payload), entryLength: BYTES.length },
    });
  });

  test('is explained byte by byte, in order, to its end', () => {
    const rows = [...EXAMPLE.matchAll(/^\| ([0-9a-f]{4}) +\| `([0-9a-f ]+)` +\|/gm)];
    let offset = 0;
    for (const [, at = '', hex = ''] of rows) {
      const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
      expect(Number.parseInt(at, 16)).toBe(offset);
      expect(BYTES.subarray(offset, offset + bytes.length)).toEqual(bytes);
      offset += bytes.length;
    }
    expect(offset).toBe(BYTES.length);
    expect(EXAMPLE).toContain(`It\nis ${BYTES.length} bytes`);
  });
});

test('the document names the CRC-32 of zlib', () => {
  const check = Number.parseInt(/`123456789` it is 0x([0-9A-F]{8})/.exec(DOCUMENT)?.[1] ?? '', 16);
  expect(crc32('123456789')).toBe(check);
  expect(crc(Buffer.from('123456789'))).toBe(check);
});

test('the document names the longest header', () => {
  expect(DOCUMENT).toMatch(new RegExp(`\\| header +\\| ${LONGEST_HEADER.toLocaleString('en')} bytes`));
});

/** What stands in the fenced block of a language within the example. */
function fenced(language: string): string {
  const block = new RegExp(`^\`\`\`${language}\n(.*?)\n\`\`\`$`, 'ms').exec(EXAMPLE)?.[1];
  if (block === undefined) throw new Error(`no block of ${language} in the example`);
  return block;
}

/** The bytes of lines such as `0010  00 00 26 b9`, whose offsets must follow from each other. */
function hexOfDump(dump: string): string {
  let hex = '';
  for (const line of dump.split('\n')) {
    const [, offset = '', bytes = ''] = /^([0-9a-f]{4}) {2}([0-9a-f]{2}(?: [0-9a-f]{2})*)$/.exec(line) ?? [];
    if (Number.parseInt(offset, 16) !== hex.length / 2) throw new Error(`not a line of a dump: ${line}`);
    hex += bytes.replaceAll(' ', '');
  }
  return hex;
}
