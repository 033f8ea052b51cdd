// @ts-check
// Writes entries into a cache of limited size, and keeps it limited: <directory> <name> <writes> <maxEntries>. Says "begun" half-way.
import { CacheCore } from '../../dist/cache/core.js';
import { Evictor } from '../../dist/cache/evictor.js';

const [directory = '', name = '', writes = '', maxEntries = ''] = process.argv.slice(2);
const core = new CacheCore({ directory, codec: 'text' });
const evictor = new Evictor(core, { maxEntries: Number(maxEntries) });
for (let n = 0; n < Number(writes); n += 1) {
  const place = core.place(`${name} ${n}`);
  const { bytes } = core.encode(place, 'x'.repeat(n % 500), {});
  await core.store.inside(place.shard, 'exclusive', (era) => core.put(era, place, bytes));
  await evictor.afterWrite(bytes.length);
  if (n === Math.floor(Number(writes) / 2)) console.log('begun');
}
await evictor.close();
await core.close();
console.log('done');
