import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { exchange } from '../../src/os/exchange.js';
import { temporaryFolder } from '../helpers/folder.js';
import { needs } from '../helpers/needs.js';

describe.skipIf(!needs('koffi'))('exchange', () => {
  test('swaps two names, and each file stays the file that it is', () => {
    const { a, b } = twoFiles();
    const [wasA, wasB] = [statSync(a).ino, statSync(b).ino];

    expect(exchange(a, b)).toBe('exchanged');

    expect([readFileSync(a, 'utf8'), readFileSync(b, 'utf8')]).toEqual(['b', 'a']);
    expect([statSync(a).ino, statSync(b).ino]).toEqual([wasB, wasA]);
  });

  test('throws ENOENT where one of them is missing, and changes nothing', () => {
    const { a } = twoFiles();
    const missing = `${a}-missing`;
    const error = { code: 'ENOENT', syscall: 'renameat2' };
    expect(() => exchange(a, missing)).toThrow(expect.objectContaining(error));
    expect(() => exchange(missing, a)).toThrow(expect.objectContaining(error));
    expect(readFileSync(a, 'utf8')).toBe('a');
  });

  test('says unsupported, and changes nothing, where the kernel answers EINVAL as a file system without it does', () => {
    const folder = temporaryFolder();
    const inner = join(folder, 'inner');
    mkdirSync(inner);
    // A folder cannot take the place of one inside it: an EINVAL that every file system gives.
    expect(exchange(folder, inner)).toBe('unsupported');
    expect(statSync(inner).isDirectory()).toBe(true);
  });
});

function twoFiles(): { a: string; b: string } {
  const folder = temporaryFolder();
  const [a, b] = [join(folder, 'a'), join(folder, 'b')];
  writeFileSync(a, 'a');
  writeFileSync(b, 'b');
  return { a, b };
}
