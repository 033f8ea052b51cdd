// @ts-check
// Adds, rewrites and removes entries until it is told to stop: node cache-churn.mjs DIRECTORY STRATEGY NUMBER. Its own come and go; the
// ones called `kept` it rewrites only. Says `at work` after 20 rounds, and at the end how many there were.
import { createInterface } from 'node:readline';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { FileCache } from '../../dist/cache/file-cache.js';

const [directory = '', strategy = '', number = ''] = process.argv.slice(2);
const cache = new FileCache({ directory, strategy: strategy === 'flock' ? 'flock' : 'rename' });
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
console.log('ready');
await lines.next();
let stopped = false;
void lines.next().then(() => {
  stopped = true;
});
let changes = 0;
while (!stopped) {
  const own = `own ${number} ${Math.floor(Math.random() * 500)}`;
  if (Math.random() < 0.5) cache.setSync(own, 'x'.repeat(Math.floor(Math.random() * 6000)));
  else cache.deleteSync(own);
  cache.setSync(`kept ${Math.floor(Math.random() * 1000)}`, 'x'.repeat(Math.floor(Math.random() * 6000)));
  changes += 1;
  if (changes === 20) console.log('at work');
  if (changes % 20 === 0) await nextTurn();
}
await cache.close();
console.log(JSON.stringify(changes));
process.exit();
