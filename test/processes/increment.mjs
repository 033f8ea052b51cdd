// @ts-check
// Adds 1 to the number in a file, COUNT times, and prints the numbers that it wrote. Begins when it is told to go.
// HOLDFAST_TEST_LOCK=broken: with a lock that always grants, to show that the test sees lost updates.
import { once } from 'node:events';
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { updateFile } from '../../dist/index.js';
import { replaceSyscalls } from '../../dist/os/syscalls.js';

/** @typedef {import('../../dist/index.js').StrategyName} StrategyName */

const [path = '', count, strategy] = process.argv.slice(2);
const broken = process.env['HOLDFAST_TEST_LOCK'] === 'broken';
if (broken) replaceSyscalls({ tryFlock: () => true });

console.log('ready');
await once(process.stdin, 'data');
process.stdin.destroy();

/** @type {number[]} */
const written = [];
for (let done = 0; done < Number(count); done += 1) {
  await updateFile(path, increment, { strategy: /** @type {StrategyName} */ (strategy), timeout: 60_000 });
}
console.log(JSON.stringify(written));

/** @param {Buffer | undefined} old */
async function increment(old) {
  const next = Number(old ?? 0) + 1;
  written.push(next);
  // Another process shall have its chance to come in between.
  if (broken) await turnOfTheLoop();
  return String(next);
}
