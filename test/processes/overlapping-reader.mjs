// @ts-check
// Holds the shared lock of a file nearly all the time: with four of these there is always one that has it.
import { setTimeout as delay } from 'node:timers/promises';
import { lockFile } from '../../dist/index.js';

const [path = ''] = process.argv.slice(2);

for (let turn = 0; ; turn += 1) {
  const lock = await lockFile(path, 'shared', { timeout: Number.POSITIVE_INFINITY });
  if (turn === 0) console.log('reading');
  await delay(10 + 10 * Math.random());
  await lock.release();
}
