import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { Syscalls } from '../../src/os/syscalls.js';
import { quickFolder } from '../helpers/folder.js';
import { needs } from '../helpers/needs.js';

const SCRIPT = fileURLToPath(new URL('../processes/traced.mjs', import.meta.url));

/**
 * What each call of the table is to the kernel, as Node makes it. mmap(2) is not in the table: it moves no data, and what can fail about it is
 * asked before (os/mmap.ts). The C library looks at a folder that it opens, with newfstatat or fstat, as its version has it.
 */
const TO_THE_KERNEL: Readonly<Record<keyof Syscalls, readonly string[]>> = {
  open: ['openat'],
  openAsync: ['openat'],
  close: ['close'],
  fstat: ['statx'],
  fstatAsync: ['statx'],
  stat: ['statx'],
  lstat: ['statx'],
  readlink: ['readlink'],
  read: ['pread64'],
  write: ['pwrite64'],
  readAsync: ['pread64'],
  writeAsync: ['pwrite64'],
  fsync: ['fsync'],
  fsyncAsync: ['fsync'],
  ftruncate: ['ftruncate'],
  fchmod: ['fchmod'],
  fchown: ['fchown'],
  futimes: ['utimensat'],
  rename: ['rename'],
  exchange: ['renameat2'],
  setNoCopyOnWrite: ['ioctl'],
  unlink: ['unlink'],
  mkdir: ['mkdir'],
  rmdir: ['rmdir'],
  readdir: ['openat', 'newfstatat', 'getdents64', 'getdents64', 'close'],
  tryFlock: ['flock'],
  unflock: ['flock'],
};
const NOT_IN_TABLE = ['mmap'];

describe.skipIf(!needs('strace', 'koffi'))('the calls that the table counts are those that strace sees', () => {
  test.each(['rename', 'flock'])('%s', (strategy) => {
    const folder = quickFolder();
    const log = `${folder}/log`;
    const options = ['-f', '-y', '-o', log];
    const printed = execFileSync('strace', [...options, process.execPath, SCRIPT, `${folder}/cache`, strategy], {
      encoding: 'utf8',
    });
    const counted = JSON.parse(printed) as Record<string, (keyof Syscalls)[]>;
    const lines = readFileSync(log, 'utf8').split('\n');
    const seen = Object.keys(counted).map((name) => [name, tally(seenBetween(lines, name, `${folder}/cache`))]);
    const expected = Object.entries(counted).map(([name, calls]) => [
      name,
      tally(calls.flatMap((call) => TO_THE_KERNEL[call])),
    ]);
    expect(Object.fromEntries(seen)).toEqual(Object.fromEntries(expected));
    expect(Object.values(counted).filter((calls) => calls.length > 0).length).toBeGreaterThan(15);
  });
});

/** The system calls between the marks of an operation that name the cache: by a path, or by a descriptor, for which -y prints one. */
function seenBetween(lines: readonly string[], operation: string, directory: string): string[] {
  const begin = lines.findIndex((line) => line.includes(`"/begin/${operation}"`));
  const end = lines.findIndex((line) => line.includes(`"/end/${operation}"`));
  expect(begin).toBeGreaterThan(0);
  return (
    lines
      .slice(begin, end)
      .filter((line) => line.includes(directory))
      // A call that another thread's came between is told in two lines, of which the second has no opening bracket.
      .flatMap((line) => /^\d+ +(\w+)\(/.exec(line)?.[1] ?? [])
      .map((name) => (name === 'fstat' ? 'newfstatat' : name))
      .filter((name) => !NOT_IN_TABLE.includes(name))
  );
}

function tally(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
