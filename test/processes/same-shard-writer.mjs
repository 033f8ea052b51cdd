// @ts-check
// Writes two keys of one shard over and over, with a number that goes up and a length that changes: <directory> <strategy> <key> <other key>. Says
// `writing`; ends when it is told to, with how often it wrote.
import { FileCache } from '../../dist/index.js';

const [directory = '', strategy = '', ...keys] = process.argv.slice(2);
const cache = new FileCache({
  directory,
  strategy: strategy === 'flock' ? 'flock' : 'rename',
  codec: 'text',
  memory: false,
});
let ending = false;
process.stdin.once('data', () => {
  ending = true;
});
console.log('writing');
let n = 1;
for (; !ending; n += 1) {
  for (const key of keys) cache.setSync(key, `${key} ${n} `.padEnd((n * 701) % 5_000, `${n} `));
  if (n % 50 === 0) await new Promise(setImmediate);
}
await cache.close();
console.log(String(n));
process.exit(0);
