// @ts-check
// Locks, writes and caches under Node's permission model: node --permission ... permitted.mjs FOLDER prints what each came to.
import { fchmodSync, openSync } from 'node:fs';
import { FileCache, lockFile, readFile, updateFile, writeFile } from '../../dist/index.js';

const [folder = ''] = process.argv.slice(2);

/** @param {() => unknown} work */
async function outcome(work) {
  try {
    await work();
    return 'works';
  } catch (error) {
    if (!(error instanceof Error)) return String(error);
    return `${'code' in error ? error.code : error.name}: ${error.message}`;
  }
}

/** @param {string} name */
const path = (name) => `${folder}/${name}`;

console.log(
  JSON.stringify({
    node: await outcome(() => fchmodSync(openSync(path('probe'), 'w'), 0o600)),
    lock: await outcome(async () => (await lockFile(path('data'), 'exclusive')).release()),
    file: await outcome(async () => {
      for (const strategy of /** @type {const} */ (['rename', 'flock'])) {
        await writeFile(path(strategy), 'a', { strategy, mode: 0o640, flush: true });
        await updateFile(path(strategy), (old) => `${old}b`, { strategy, flush: true });
        await readFile(path(strategy));
      }
    }),
    flush: await outcome(() => writeFile(path('w'), 'a', { strategy: 'write-file-atomic', flush: true })),
    plain: await outcome(() => writeFile(path('plain'), 'a', { strategy: 'proper-lockfile' })),
    cache: await outcome(async () => {
      for (const strategy of /** @type {const} */ (['rename', 'flock'])) {
        const cache = new FileCache({ directory: path(`cache-${strategy}`), strategy, flush: true });
        await cache.set('key', 'value');
        await cache.set('large', 'x'.repeat(1_000_000));
        if ((await cache.get('key')) !== 'value') throw new Error('not stored');
        await cache.clear();
        await cache.close();
      }
    }),
  }),
);
