// @ts-check
// Does nothing, and prints at the end for each second the longest time for which the machine did not let it do even that:
// `SECOND MILLISECONDS`, a line each.
import { setTimeout as delay } from 'node:timers/promises';

let stopped = false;
process.stdin.once('data', () => {
  stopped = true;
});
console.log('ready');
const PAUSE_MS = 5;
/** @type {Map<number, number>} */
const stalls = new Map();
for (let last = performance.now(); !stopped; last = performance.now()) {
  await delay(PAUSE_MS);
  const second = Math.floor(Date.now() / 1_000);
  stalls.set(second, Math.max(stalls.get(second) ?? 0, performance.now() - last - PAUSE_MS));
}
for (const [second, stall] of stalls) console.log(`${second} ${stall.toFixed(1)}`);
process.exit();
