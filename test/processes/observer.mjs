// @ts-check
// Does nothing, and prints at the end the longest time (milliseconds) for which the machine did not let it do even that.
import { setTimeout as delay } from 'node:timers/promises';

let stopped = false;
process.stdin.once('data', () => {
  stopped = true;
});
console.log('ready');
const PAUSE_MS = 5;
let longest = 0;
for (let last = performance.now(); !stopped; last = performance.now()) {
  await delay(PAUSE_MS);
  longest = Math.max(longest, performance.now() - last - PAUSE_MS);
}
console.log(Math.round(longest));
process.exit();
