// @ts-check
// The steps in vitest, with jsdom in the place of the globals.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileCache } from 'holdfast';
import { afterAll, expect, test, vi } from 'vitest';
import { smokeSteps } from './steps.mjs';

const { steps, cleanUp } = smokeSteps({ peerPath: join(process.cwd(), 'smoke/peer.mjs'), peerArguments: [] });

afterAll(cleanUp);

test('there is a document', () => {
  expect(Reflect.get(globalThis, 'document')).toBeDefined();
});

for (const [name, step] of steps) test(name, step, 30_000);

test('fake timers', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-matrix-'));
  vi.useFakeTimers();
  try {
    const cache = new FileCache({ directory });
    await cache.set('key', 'value', { ttl: 60_000 });
    vi.setSystemTime(Date.now() + 61_000);
    expect(await cache.get('key')).toBeUndefined();
    await cache.clear();
    await cache.close();
  } finally {
    vi.useRealTimers();
    rmSync(directory, { recursive: true });
  }
});
