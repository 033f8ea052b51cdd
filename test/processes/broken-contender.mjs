// @ts-check
// Contenders that are broken on purpose, to show that the bench sees it. They are what people write who know no better.
import { readFileSync, writeFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** @typedef {import('../../dist/bench/contenders/contender.js').Contender} Contender */

/**
 * @param {string} name
 * @param {string} directory
 * @returns {Contender | Promise<Contender>}
 */
export function openContender(name, directory) {
  const found = contenders[name];
  if (found === undefined) throw new Error(`no contender ${name}`);
  return found((key) => `${directory}/${key}`);
}

/** @type {Record<string, (pathOf: (key: string) => string) => Contender | Promise<Contender>>} */
const contenders = {
  /** Truncates, and readers look in between. */
  truncating: (pathOf) => ({
    read: (key) => JSON.parse(readFileSync(pathOf(key), 'utf8')),
    write: (key, value) => writeFileSync(pathOf(key), JSON.stringify(value)),
    close() {},
  }),
  /** Gives whole values of which half belongs to another one. */
  mixing: () => ({
    read: () => ({ writer: 1, generation: 1, text: 'x' }),
    write() {},
    close() {},
  }),
  forgetful: () => ({ read: () => undefined, write() {}, close() {} }),
  /** Reads, changes and writes without a lock. */
  losing: (pathOf) => ({
    read: () => undefined,
    write() {},
    async increment(key) {
      const old = numberIn(pathOf(key));
      await nextTurn();
      writeFileSync(pathOf(key), String(old + 1));
    },
    count: (key) => numberIn(pathOf(key)),
    close() {},
  }),
  /** Everybody who finds nothing loads. */
  stampeding: () => ({ read: () => undefined, write() {}, load: (_key, load) => load(), close() {} }),
  failing: () => ({
    read() {
      throw new Error('no reading today');
    },
    write() {},
    close() {},
  }),
  dying: () => ({
    read: () => process.kill(process.pid, 'SIGKILL') && undefined,
    write() {},
    close() {},
  }),
  'never-ready': () => new Promise(() => setInterval(() => {}, 1_000)),
  'not-there': () => {
    throw new Error('the package is not installed');
  },
};

/** @param {string} path */
function numberIn(path) {
  try {
    return Number(readFileSync(path, 'utf8')) || 0;
  } catch {
    return 0;
  }
}
