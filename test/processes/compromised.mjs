// @ts-check
// Loses a lock of proper-lockfile while it holds it, as a process that stalled for too long does, and prints what it is told.
// The heartbeat of that package comes every 5 s; here it comes at once.
import { mkdirSync, readdirSync, readFileSync, rmdirSync, utimesSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { lockFile, updateFile, writeFile } from '../../dist/index.js';

const HEARTBEAT_MS = 5_000;
const STRATEGY = /** @type {const} */ ({ strategy: 'proper-lockfile' });

const [path = '', how] = process.argv.slice(2);

const { setTimeout } = globalThis;
globalThis.setTimeout = /** @type {typeof setTimeout} */ (
  Object.assign(
    (/** @type {() => void} */ callback, /** @type {number} */ ms) =>
      setTimeout(callback, ms === HEARTBEAT_MS ? 1 : ms),
    setTimeout,
  )
);

/** @type {{ getLocks(): object }} */
const { getLocks } = createRequire(import.meta.url)('proper-lockfile/lib/lockfile.js');

/** Somebody takes the lock for stale. Resolves when the package has noticed. */
async function loseTheLock() {
  rmdirSync(`${path}.lock`);
  if (how === 'taken over') {
    mkdirSync(`${path}.lock`);
    utimesSync(`${path}.lock`, 1, 1);
  }
  while (Object.keys(getLocks()).length > 0) await turnOfTheLoop();
}

/** @param {Promise<unknown>} promise */
const codeOf = (promise) =>
  promise.then(
    () => 'fulfilled',
    (error) => error.code,
  );

writeFileSync(path, 'old');

const outcomes = {
  release: await codeOf(
    lockFile(path, 'exclusive', STRATEGY).then(async (lock) => {
      await loseTheLock();
      await lock.release();
    }),
  ),
  update: await codeOf(
    free().then(() =>
      updateFile(
        path,
        async () => {
          await loseTheLock();
          return 'new';
        },
        STRATEGY,
      ),
    ),
  ),
  left: readdirSync(dirname(path)).sort(),
  content: readFileSync(path, 'utf8'),
  next: await codeOf(free().then(() => writeFile(path, 'next', STRATEGY))),
};
console.log(JSON.stringify(outcomes));

/** Removes the lock directory of whoever took over. */
async function free() {
  if (how === 'taken over') rmdirSync(`${path}.lock`);
}
