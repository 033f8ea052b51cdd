// @ts-check
// FileCache on the disk, beside plain Node calls that move the same bytes without any safety. Memory tier off: bench/memory.mjs has it.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { FileCache } from '../dist/index.js';
import { measureGrowth } from './cache-growth.mjs';
import { measured, median, ratioOf, significant } from './support/ratios.mjs';
import { runBench } from './support/report.mjs';
import { takeTurns } from './support/rounds.mjs';

/** Keys that the measuring goes round in: their files stay in the page cache. */
const KEYS = 500;
const NAMES = Array.from({ length: KEYS }, (_, index) => `user:${index}`);

/** A value whose JSON has about 1 KB, of the kinds of things that services keep: numbers, texts, a list, something nested. */
const VALUE = {
  id: 184_467,
  name: 'Wilhelmina Oosterhuis',
  roles: ['editor', 'reviewer', 'owner'],
  settings: { theme: 'dark', language: 'nl', notifications: { mail: true, push: false, digest: 'weekly' } },
  scores: Array.from({ length: 60 }, (_, index) => index * index),
  biography: 'She has been writing about rivers, ports and the people who work there. '.repeat(7),
};

await runBench(
  'cache',
  async ({ folder, rounds, quick, own }) => {
    const milliseconds = quick ? 60 : 400;
    const json = JSON.stringify(VALUE);
    console.log(`value: ${json.length} bytes of JSON; ${KEYS} keys; nanoseconds per call, median of ${rounds} rounds`);
    const { calls, paths } = plain(folder, json);
    const rename = await filled(`${folder}/rename`, 'rename');
    const flock = await filled(`${folder}/flock`, 'flock');
    const small = { rename, flock };
    try {
      const reads = await takeTurns(rounds, milliseconds, {
        'plain read': { kind: 'sync', call: calls.read },
        ...readers('rename', rename),
        ...readers('flock', flock),
      });
      const writes = await takeTurns(rounds, milliseconds, {
        'plain write': { kind: 'sync', call: calls.write },
        ...writers('rename', rename),
        ...writers('flock', flock),
      });
      const figures = { ...reads, ...writes };
      print(figures);
      const ratios = smallRatios(figures);
      const growth = await measureGrowth(folder, rounds, quick ? 20_000 : Number(own['entries']), VALUE);
      return {
        options: { keys: KEYS, bytes: json.length, files: paths.length },
        results: { figures, growth: growth.results },
        ratios: [...ratios, ...growth.ratios],
      };
    } finally {
      await Promise.all(Object.values(small).map((cache) => cache.close()));
    }
  },
  { entries: '1000000' },
);

/**
 * What one would write without this package: a read without a lock, and a write to a temporary file that is renamed.
 *
 * @param {string} folder
 * @param {string} json
 */
function plain(folder, json) {
  mkdirSync(`${folder}/plain`);
  const paths = Array.from({ length: KEYS }, (_, index) => `${folder}/plain/${index}.json`);
  for (const path of paths) writeFileSync(path, json);
  const pathAt = (/** @type {number} */ index) => paths[index % KEYS] ?? '';
  const calls = {
    read: (/** @type {number} */ index) => JSON.parse(readFileSync(pathAt(index), 'utf8')),
    write: (/** @type {number} */ index) => {
      writeFileSync(`${folder}/plain/temporary`, JSON.stringify(VALUE));
      renameSync(`${folder}/plain/temporary`, pathAt(index));
    },
  };
  return { calls, paths };
}

/**
 * @param {string} directory
 * @param {'rename' | 'flock'} strategy
 */
async function filled(directory, strategy) {
  /** @type {FileCache} */
  const cache = new FileCache({ directory, strategy, memory: false });
  for (let index = 0; index < KEYS; index += 1) await cache.set(keyAt(index), VALUE);
  return cache;
}

/** @param {number} index */
function keyAt(index) {
  return NAMES[index % KEYS] ?? '';
}

/** @typedef {{ call: (index: number) => unknown, kind: 'sync' | 'async' }} Call */

/**
 * @template {string} Strategy
 * @param {Strategy} strategy
 * @param {FileCache} cache
 */
function readers(strategy, cache) {
  return /** @type {Record<`${Strategy} getSync` | `${Strategy} get`, Call>} */ ({
    [`${strategy} getSync`]: { kind: 'sync', call: (/** @type {number} */ index) => cache.getSync(keyAt(index)) },
    [`${strategy} get`]: { kind: 'async', call: (/** @type {number} */ index) => cache.get(keyAt(index)) },
  });
}

/**
 * @template {string} Strategy
 * @param {Strategy} strategy
 * @param {FileCache} cache
 */
function writers(strategy, cache) {
  return /** @type {Record<`${Strategy} setSync` | `${Strategy} set`, Call>} */ ({
    [`${strategy} setSync`]: {
      kind: 'sync',
      call: (/** @type {number} */ index) => cache.setSync(keyAt(index), VALUE),
    },
    [`${strategy} set`]: { kind: 'async', call: (/** @type {number} */ index) => cache.set(keyAt(index), VALUE) },
  });
}

/** @typedef {'plain read' | 'plain write' | `${'rename' | 'flock'} ${'getSync' | 'get' | 'setSync' | 'set'}`} Candidate */

/** @param {Record<Candidate, number[]>} figures */
function smallRatios(figures) {
  const { 'plain read': read, 'plain write': write } = figures;
  return [
    ratioOf('getSync from disk, rename / readFileSync + JSON.parse', figures['rename getSync'], read, { max: 1 }),
    ratioOf('getSync from disk, flock / readFileSync + JSON.parse', figures['flock getSync'], read, { max: 1.4 }),
    ratioOf('setSync, rename / temporary + renameSync', figures['rename setSync'], write, { max: 0.4 }),
    ratioOf('setSync, flock / temporary + renameSync', figures['flock setSync'], write, { max: 0.12 }),
    .../** @type {const} */ (['rename', 'flock']).flatMap((strategy) => [
      extra(`get beyond getSync, ${strategy}`, figures[`${strategy} get`], figures[`${strategy} getSync`]),
      extra(`set beyond setSync, ${strategy}`, figures[`${strategy} set`], figures[`${strategy} setSync`]),
    ]),
  ];
}

/**
 * How much longer the asynchronous twin takes, in microseconds.
 *
 * @param {string} name
 * @param {number[]} asynchronous
 * @param {number[]} synchronous
 */
function extra(name, asynchronous, synchronous) {
  const rounds = asynchronous.map((figure, round) => (figure - (synchronous[round] ?? Number.NaN)) / 1_000);
  return measured(name, rounds, { max: 0.5 }, 'us');
}

/** @param {Record<string, number[]>} figures */
function print(figures) {
  for (const [name, rounds] of Object.entries(figures))
    console.log(`${name.padEnd(20)}${significant(median(rounds)).padStart(10)}`);
}
