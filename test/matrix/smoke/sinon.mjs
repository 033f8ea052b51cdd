// @ts-check
// All the clocks that sinon can fake, which are those of node:timers too.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileCache, lockFile } from 'holdfast';
import sinon from 'sinon';

const directory = mkdtempSync(join(tmpdir(), 'holdfast-matrix-'));
const clock = sinon.useFakeTimers({ now: Date.now() });
try {
  const cache = new FileCache({ directory: join(directory, 'cache') });
  await cache.set('key', 'value', { ttl: 60_000 });
  clock.setSystemTime(Date.now() + 61_000);
  assert.equal(await cache.get('key'), undefined);
  await cache.clear();
  await cache.close();
  const lock = await lockFile(join(directory, 'data'), 'exclusive');
  const waiting = lockFile(join(directory, 'data'), 'exclusive', { timeout: 20 });
  assert.equal(await waiting.catch((error) => error.code), 'ERR_LOCK_TIMEOUT');
  await lock.release();
} finally {
  clock.restore();
  rmSync(directory, { recursive: true });
}
console.log('ok fake timers');
