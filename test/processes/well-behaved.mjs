// @ts-check
// Programs that use this package as they should, four processes each: node well-behaved.mjs PLACE HOW, where HOW is a strategy of the
// file functions, or cache-rename, cache-flock.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { FileCache, mapFile, readFile, updateFile, writeFile } from '../../dist/index.js';

/** @typedef {import('../../dist/index.js').StrategyName} StrategyName */

const FULL = process.env['HOLDFAST_TEST_SCALE'] === 'full';

const [place = '', how = '', role] = process.argv.slice(2);

async function files() {
  const options = { strategy: /** @type {StrategyName} */ (how) };
  for (let time = 0; time < (FULL ? 40 : 12); time += 1) {
    if (role === 'reader') await readFile(place, options);
    else if (role === 'mapper') {
      const file = await mapFile(place, options);
      await file.close();
    } else {
      await writeFile(place, String(time).repeat(71), options);
      await updateFile(place, (old) => Buffer.concat([old ?? Buffer.alloc(0), Buffer.from('x')]), options);
    }
  }
}

async function cache() {
  const entries = new FileCache({
    directory: place,
    strategy: how === 'cache-flock' ? 'flock' : 'rename',
    maxEntries: 50,
  });
  for (let time = 0; time < (FULL ? 60 : 20); time += 1) {
    await entries.set(`key ${time % 20}`, { time });
    await entries.get(`key ${(time * 7) % 20}`);
    await entries.getOrSet(`load ${time % 3}`, async () => ({ time }));
    await entries.update('count', (count) => Number(count ?? 0) + 1);
    if (time % 13 === 0) await entries.delete(`key ${time % 20}`);
    if (time === 10) await entries.set('large', 'x'.repeat(100_000));
    await entries.get('large');
  }
  if (role === 'mapper') await entries.clear();
  await entries.close();
}

if (role !== undefined) await (how.startsWith('cache-') ? cache() : files());
else {
  if (!how.startsWith('cache-')) {
    await writeFile(place, 'x'.repeat(71), { strategy: /** @type {StrategyName} */ (how) });
  }
  const children = ['writer', 'reader', 'mapper', 'writer'].map((name) =>
    spawn(process.execPath, [process.argv[1] ?? '', place, how, name], { stdio: 'inherit' }),
  );
  await Promise.all(children.map((child) => once(child, 'exit')));
}
