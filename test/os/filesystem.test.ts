import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { filesystemKind } from '../../src/os/filesystem.js';
import { temporaryFolder } from '../helpers/folder.js';
import { mountTmpfs } from '../helpers/mount.js';
import { needs } from '../helpers/needs.js';

/** What stat(1) calls the kinds. */
const NAMES: Record<string, string> = {
  'ext2/ext3': 'ext',
  overlayfs: 'overlay',
  btrfs: 'btrfs',
  xfs: 'xfs',
  tmpfs: 'tmpfs',
};

test('the kind of file system of the working directory is what stat(1) says', () => {
  const name = execFileSync('stat', ['--file-system', '--format', '%T', '.'], { encoding: 'utf8' }).trim();
  expect(filesystemKind('.')).toBe(NAMES[name] ?? 'unknown');
});

test.skipIf(!needs('tmpfs'))('a tmpfs is known', () => {
  expect(filesystemKind(mountTmpfs('size=64k'))).toBe('tmpfs');
});

test('what has no number in the list is unknown', () => {
  expect(filesystemKind('/proc')).toBe('unknown');
});

test('of a path that names nothing it throws ENOENT', () => {
  const path = join(temporaryFolder(), 'missing');
  expect(() => filesystemKind(path)).toThrow(expect.objectContaining({ code: 'ENOENT' }));
});
