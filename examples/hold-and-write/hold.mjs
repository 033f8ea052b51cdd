// Holds the shared lock of a file for some seconds: node examples/hold-and-write/hold.mjs FILE [SECONDS]
// Run write.mjs in another terminal meanwhile, and see it wait.
import { setTimeout as delay } from 'node:timers/promises';
import { lockFile } from 'holdfast';

const [file, seconds = '10'] = process.argv.slice(2);
if (file === undefined) {
  console.error('Usage: node examples/hold-and-write/hold.mjs FILE [SECONDS]');
  process.exit(2);
}

const lock = await lockFile(file, 'shared');
try {
  console.log(`holding the shared lock of ${lock.path}`);
  for (let left = Number(seconds); left > 0; left -= 1) {
    console.log(`${left} ...`);
    await delay(Math.min(left, 1) * 1000);
  }
} finally {
  await lock.release();
}
console.log('released');
