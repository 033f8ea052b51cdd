import { closeSync, openSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { tryFlock, unflock } from '../../../src/os/flock.js';
import { HeldLocks } from '../../../src/trace/record/held-locks.js';
import { original } from '../../../src/trace/seam/original.js';
import { temporaryFolder } from '../../helpers/folder.js';

/** Locks, a data file, and open descriptors of its sidecar. */
function opened(count: number) {
  const path = join(realpathSync(temporaryFolder()), 'data');
  const locks = new HeldLocks();
  const descriptors = Array.from({ length: count }, () => openSync(`${path}.lock`, 'a'));
  for (const fd of descriptors) locks.opened(`${path}.lock`, fd);
  onTestFinished(() => {
    for (const fd of descriptors) closeSync(fd);
  });
  return { locks, path, descriptors: descriptors as [number, ...number[]] };
}

test('an open sidecar is no lock; what the kernel says is', () => {
  const { locks, path, descriptors } = opened(1);
  expect(locks.of(path)).toBe('none');
  for (const mode of ['shared', 'exclusive'] as const) {
    expect(tryFlock(descriptors[0], mode)).toBe(true);
    expect(locks.of(path)).toBe(mode);
    unflock(descriptors[0]);
    expect(locks.of(path)).toBe('none');
  }
});

test('of several descriptors the one that holds the lock counts', () => {
  const { locks, path, descriptors } = opened(3);
  expect(tryFlock(descriptors[1] ?? -1, 'exclusive')).toBe(true);
  expect(locks.of(path)).toBe('exclusive');
});

test('a lock of another open of the same sidecar is somebody else’s', () => {
  const { locks, path } = opened(1);
  const other = openSync(`${path}.lock`, 'a');
  expect(tryFlock(other, 'exclusive')).toBe(true);
  expect(locks.of(path)).toBe('none');
  closeSync(other);
});

test('a closed descriptor holds nothing, even where its number stands for another locked file', () => {
  const { locks, path, descriptors } = opened(1);
  tryFlock(descriptors[0], 'exclusive');
  locks.closed(descriptors[0]);
  expect(locks.of(path)).toBe('none');
});

test('nor does one that was closed unseen, whose number stands for another locked file by now', () => {
  const { locks, path, descriptors } = opened(1);
  closeSync(descriptors[0]);
  expect(openSync(`${path}.other`, 'a')).toBe(descriptors[0]);
  expect(tryFlock(descriptors[0], 'exclusive')).toBe(true);
  expect(locks.of(path)).toBe('none');
});

test.each([
  ['there is no /proc', 'ENOENT', undefined],
  ['it must not be read', 'EACCES', undefined],
])('unknown, where %s', (_name, code) => {
  const { locks, path } = opened(1);
  const { readFileSync, statSync } = original;
  onTestFinished(() => {
    Object.assign(original, { readFileSync, statSync });
  });
  Object.assign(original, {
    readFileSync: () => {
      throw Object.assign(new Error(code), { code });
    },
    statSync: (name: string, options: object) => (name.startsWith('/proc') ? undefined : statSync(name, options)),
  });
  expect(locks.of(path)).toBe('unknown');
});
