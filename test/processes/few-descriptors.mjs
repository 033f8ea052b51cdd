// @ts-check
// A cache in a process that may have few descriptors: node few-descriptors.mjs DIRECTORY. It uses every shard, then all descriptors that are
// left, and then the cache again. Prints how many lock files it had open, and what it read.
import { openSync, readdirSync, readlinkSync } from 'node:fs';
import { FileCache } from '../../dist/cache/file-cache.js';

const directory = process.argv[2] ?? '';
const cache = new FileCache({ directory, memory: false });
for (let n = 0; n < 3_000; n += 1) cache.setSync(`key ${n}`, n);
const locks = readdirSync('/proc/self/fd').filter((fd) => {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`).endsWith('.lock');
  } catch {
    return false;
  }
});
const read = [];
try {
  for (;;) openSync('/dev/null', 'r');
} catch {
  // There are none left: whatever the cache needs now it has to find with itself.
}
read.push(await cache.get('key 1'), cache.getSync('key 2'));
await cache.set('key 1', 'new');
cache.setSync('key 2', 'new');
read.push(cache.getSync('key 1'), await cache.get('key 2'), await cache.delete('key 3'));
process.stdout.write(JSON.stringify({ locks: locks.length, read }));
