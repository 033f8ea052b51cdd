import { closeSync, openSync, readFileSync, readSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Mapping, mapPrivate, mapShared } from '../../src/os/mmap.js';
import { temporaryFolder } from '../helpers/folder.js';
import { needs } from '../helpers/needs.js';

describe.skipIf(!needs('koffi'))('a mapping', () => {
  test('that is private keeps what is written to it', () => {
    const { path, mapping } = mapped('content', mapPrivate);
    mapping.bytes.write('CON');
    expect(String(mapping.bytes)).toBe('CONtent');
    expect(readFileSync(path, 'utf8')).toBe('content');
    mapping.close();
  });

  test('that is shared writes to the file, and sees what is written to it', () => {
    const { path, mapping } = mapped('content', mapShared);
    mapping.bytes.write('CON');
    expect(readFileSync(path, 'utf8')).toBe('CONtent');
    writeFileSync(path, 'changed', { flag: 'r+' });
    expect(String(mapping.bytes)).toBe('changed');
    mapping.close();
  });

  test('reads as zeros after it was closed, and what is written then goes nowhere', () => {
    const { path, mapping } = mapped('content', mapShared);
    mapping.close();
    mapping.close();
    expect(mapping.bytes).toEqual(Buffer.alloc(7));
    mapping.bytes.fill('x');
    expect(readFileSync(path, 'utf8')).toBe('content');
  });

  test('that is long and private is not held against the program by V8, and is given back', () => {
    const length = 2 ** 30;
    const path = join(temporaryFolder(), 'data');
    writeFileSync(path, 'content');
    truncateSync(path, length);
    const fd = openSync(path, 'r');
    const before = process.memoryUsage().external;
    const inMaps = () => readFileSync('/proc/self/maps', 'utf8').includes(path);
    for (let time = 0; time < 20; time += 1) {
      const mapping = mapPrivate(fd, length);
      expect(mapping.bytes).toHaveLength(length);
      expect(mapping.bytes.toString('utf8', 0, 7)).toBe('content');
      mapping.bytes.write('CON');
      expect(mapping.bytes[length - 1]).toBe(0);
      expect(inMaps()).toBe(true);
      mapping.close();
      expect(inMaps()).toBe(false);
      expect([mapping.bytes[0], mapping.bytes[length - 1]]).toEqual([0, 0]);
    }
    expect(process.memoryUsage().external - before).toBeLessThan(length / 2);
    const beginning = Buffer.alloc(7);
    readSync(fd, beginning, 0, 7, 0);
    expect(String(beginning)).toBe('content');
    closeSync(fd);
  });

  test('of no bytes is an empty buffer', () => {
    const { mapping } = mapped('', mapPrivate);
    expect(mapping.bytes).toHaveLength(0);
    mapping.close();
  });

  test('of something that cannot be mapped throws the error of the system', () => {
    expect(() => mapPrivate(999_999, 10)).toThrow(expect.objectContaining({ code: 'EBADF', syscall: 'mmap' }));
  });
});

/** A file with this content, mapped; the descriptor is closed, which ends no mapping. */
function mapped(content: string, map: (fd: number, length: number) => Mapping): { path: string; mapping: Mapping } {
  const path = join(temporaryFolder(), 'data');
  writeFileSync(path, content);
  const fd = openSync(path, 'r+');
  try {
    return { path, mapping: map(fd, content.length) };
  } finally {
    closeSync(fd);
  }
}
