// The steps in Jest, which makes CommonJS of every module (jest.config.cjs).

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileCache } from 'holdfast';
import { smokeSteps } from './steps.mjs';

const { steps, cleanUp } = smokeSteps({ peerPath: join(__dirname, 'peer.mjs'), peerArguments: [] });

afterAll(cleanUp);

for (const [name, step] of steps) test(name, step, 30_000);

test('fake timers', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-matrix-'));
  jest.useFakeTimers();
  try {
    const cache = new FileCache({ directory });
    await cache.set('key', 'value', { ttl: 60_000 });
    jest.setSystemTime(Date.now() + 61_000);
    expect(await cache.get('key')).toBeUndefined();
    await cache.clear();
    await cache.close();
  } finally {
    jest.useRealTimers();
    rmSync(directory, { recursive: true });
  }
}, 30_000);
