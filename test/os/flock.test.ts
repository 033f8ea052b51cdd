import { afterEach, expect, test, vi } from 'vitest';

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
