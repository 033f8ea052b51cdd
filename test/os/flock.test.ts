import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test, vi } from 'vitest';
import { temporaryFolder } from '../helpers/folder.js';

const platform = process.platform;

afterEach(() => {
  Object.defineProperty(process, 'platform', { value: platform });
});

test('on Windows everything is imported, and a lock is ERR_LOCK_UNSUPPORTED that names WSL2', async () => {
  Object.defineProperty(process, 'platform', { value: 'win32' });
  vi.resetModules();
  const { lockFile } = await import('../../src/index.js');
  const { tryFlock } = await import('../../src/os/flock.js');

  expect(lockFile).toBeTypeOf('function');
  expect(() => tryFlock(0, 'shared')).toThrow(
    expect.objectContaining({ code: 'ERR_LOCK_UNSUPPORTED', message: expect.stringContaining('WSL2') }),
  );
});

test('under --frozen-intrinsics, where Error cannot be changed, a lock that is taken is still no error', () => {
  const module = fileURLToPath(new URL('../../dist/os/flock.js', import.meta.url));
  const program = `
    const { openSync } = require('node:fs');
    import(${JSON.stringify(module)}).then(({ tryFlock }) => {
      const [one, other] = [0, 1].map(() => openSync('lock', 'w'));
      console.log(tryFlock(one, 'exclusive'), tryFlock(other, 'exclusive'));
    });`;
  const args = ['--no-warnings', '--frozen-intrinsics', '--eval', program];
  expect(execFileSync(process.execPath, args, { cwd: temporaryFolder(), encoding: 'utf8' })).toBe('true false\n');
});
