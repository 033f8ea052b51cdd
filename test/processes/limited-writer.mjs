// @ts-check
// Writes new keys into a cache of limited size until it is told to end: <directory> <strategy> <name> <maxEntries> <maxBytes>. Says `writing` when
// there is nothing free any more for sure; at the end, as JSON, how many entries it wrote and how long the longest write took.
// Keys of the shard that the key "key" is in are left alone: somebody may be stopped in there.
import { placeOf } from '../../dist/cache/format/key.js';
import { FileCache } from '../../dist/index.js';

const [directory = '', strategy = '', name = '', maxEntries = '', maxBytes = ''] = process.argv.slice(2);
const cache = new FileCache({
  directory,
  strategy: strategy === 'flock' ? 'flock' : 'rename',
  codec: 'text',
  memory: false,
  ...(maxEntries === '' ? {} : { maxEntries: Number(maxEntries) }),
  ...(maxBytes === '' ? {} : { maxBytes: Number(maxBytes) }),
});
const taken = placeOf('key').shard;
let ending = false;
process.stdin.once('data', () => {
  ending = true;
});

let written = 0;
let longestMs = 0;
for (let n = 0; !ending; n += 1) {
  // Some keys come again.
  const key = `${name} ${n % 3 === 0 ? n % 30 : n}`;
  if (placeOf(key).shard === taken) continue;
  const started = performance.now();
  if (n % 2 === 0) await cache.set(key, 'x'.repeat((n * 37) % 6_000));
  else cache.setSync(key, 'x'.repeat((n * 37) % 6_000));
  longestMs = Math.max(longestMs, performance.now() - started);
  written += 1;
  if (written === 30) console.log('writing');
  if (n % 10 === 0) await new Promise(setImmediate);
}
await cache.close();
console.log(JSON.stringify({ written, longestMs }));
process.exit(0);
