import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a test may need that not every machine has. */
export type Tool =
  | 'fs-ext'
  | 'koffi'
  | 'php'
  | 'python3'
  | 'flock'
  | 'strace'
  | 'chromium'
  | 'root'
  | 'tmpfs'
  | 'overlay'
  | 'btrfs';

const CHECKS: Readonly<Record<Tool, () => unknown>> = {
  'fs-ext': () => createRequire(import.meta.url)('fs-ext'),
  koffi: () => createRequire(import.meta.url)('koffi'),
  php: () => execFileSync('php', ['--version'], { stdio: 'ignore' }),
  python3: () => execFileSync('python3', ['--version'], { stdio: 'ignore' }),
  flock: () => execFileSync('flock', ['--version'], { stdio: 'ignore' }),
  strace: () => execFileSync('strace', ['--version'], { stdio: 'ignore' }),
  chromium: () => execFileSync('chromium', ['--version'], { stdio: 'ignore' }),
  root: assertRoot,
  tmpfs: mountOnce,
  overlay: mountOverlayOnce,
  btrfs: mountBtrfsOnce,
};

/**
 * Whether the machine has all of these; `test.skipIf(!needs('php'))` skips a test by name where it has not. On CI (`CI=true`) a missing
 * tool is an error, unless `HOLDFAST_TEST_WITHOUT` names it (several: comma-separated): nothing goes untested unnoticed.
 */
export function needs(...tools: Tool[]): boolean {
  const missing = tools.filter((tool) => !isThere(tool));
  const excused = (process.env['HOLDFAST_TEST_WITHOUT'] ?? '').split(',');
  const unexcused = missing.filter((tool) => !excused.includes(tool));
  if (process.env['CI'] === 'true' && unexcused.length > 0) {
    throw new Error(`Missing here: ${unexcused.join(', ')}. To test without, name them in HOLDFAST_TEST_WITHOUT.`);
  }
  return missing.length === 0;
}

const known = new Map<Tool, boolean>();

function isThere(tool: Tool): boolean {
  let answer = known.get(tool);
  if (answer === undefined) {
    answer = succeeds(CHECKS[tool]);
    known.set(tool, answer);
  }
  return answer;
}

function succeeds(check: () => unknown): boolean {
  try {
    check();
    return true;
  } catch {
    return false;
  }
}

function assertRoot(): void {
  if (process.getuid?.() !== 0) throw new Error('not root');
}

function mountBtrfsOnce(): void {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-test-'));
  const image = join(folder, 'image');
  const point = join(folder, 'mounted');
  try {
    execFileSync('truncate', ['-s', '128M', image], { stdio: 'ignore' });
    execFileSync('mkfs.btrfs', ['-q', image], { stdio: 'ignore' });
    mkdirSync(point);
    execFileSync('mount', ['-o', 'loop', image, point], { stdio: 'ignore' });
    execFileSync('umount', [point]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function mountOverlayOnce(): void {
  const folder = mkdtempSync(join('/dev/shm', 'holdfast-test-'));
  const [lower, upper, work, point] = ['lower', 'upper', 'work', 'point'].map((name) => join(folder, name));
  try {
    for (const path of [lower, upper, work, point]) mkdirSync(String(path));
    const options = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
    execFileSync('mount', ['-t', 'overlay', '-o', options, 'overlay', String(point)], { stdio: 'ignore' });
    execFileSync('umount', [String(point)]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function mountOnce(): void {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-test-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder], { stdio: 'ignore' });
    execFileSync('umount', [folder]);
  } finally {
    rmdirSync(folder);
  }
}
