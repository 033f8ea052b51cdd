// @ts-check
// Run with --expose-gc. Takes two locks, releases one, forgets both, and prints the warnings that follow their collection.
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { lockFile, tryLockFile } from '../../dist/index.js';

const [leaked = '', released = ''] = process.argv.slice(2);

/** @type {{ name: string, code?: string, message: string }[]} */
const warnings = [];
process.on('warning', ({ name, message, ...rest }) => warnings.push({ name, message, ...rest }));

async function take() {
  await lockFile(leaked, 'shared');
  const lock = await lockFile(released, 'exclusive');
  await lock.release();
}

await take();
const deadline = performance.now() + 10_000;
while (warnings.length === 0 && performance.now() < deadline) {
  globalThis.gc?.();
  await turnOfTheLoop();
}
console.log(JSON.stringify({ warnings, stillHeld: tryLockFile(leaked, 'exclusive') === undefined }));
