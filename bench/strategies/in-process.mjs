// @ts-check
// What one operation costs in one process that has the files to itself, by tinybench.
import { mkdirSync } from 'node:fs';
import { Bench } from 'tinybench';
import { FileCache, readFile, updateFile, writeFile } from '../../dist/index.js';

/**
 * @typedef {'read' | 'write' | 'update'} Operation
 * @typedef {object} Row
 * @property {string} contender
 * @property {Operation | 'memory hit'} operation
 * @property {number} bytes
 * @property {number} p50 microseconds, as all of these
 * @property {number} p99
 * @property {number} mean
 * @property {number} samples
 */

export const SIZES = [71, 1_024, 64 * 1024, 1024 * 1024];
const STRATEGIES = /** @type {const} */ (['flock', 'rename', 'write-file-atomic', 'proper-lockfile']);
const CACHES = /** @type {const} */ (['rename', 'flock']);

/**
 * @param {string} folder
 * @param {number} milliseconds for each operation
 * @param {(done: number, of: number, name: string) => void} onProgress
 * @returns {Promise<Row[]>}
 */
export async function measureInProcess(folder, milliseconds, onProgress) {
  const bench = new Bench({ time: milliseconds, warmupTime: milliseconds / 2, iterations: 8, warmupIterations: 4 });
  const caches = CACHES.map((strategy) => openCaches(folder, strategy));
  for (const bytes of SIZES) {
    for (const strategy of STRATEGIES) await addFile(bench, folder, strategy, bytes);
    for (const cache of caches) await addCache(bench, cache, bytes);
  }
  for (const cache of caches) await addMemoryHit(bench, cache);
  let done = 0;
  bench.addEventListener('cycle', ({ task }) => {
    done += 1;
    onProgress(done, bench.tasks.length, task?.name ?? '');
  });
  await bench.run();
  for (const { disk, memory } of caches) await Promise.all([disk.close(), memory.close()]);
  return bench.tasks.map(rowOf);
}

/** @typedef {ReturnType<typeof openCaches>} Caches */

/**
 * @param {string} folder
 * @param {'rename' | 'flock'} strategy
 */
function openCaches(folder, strategy) {
  const disk = new FileCache({
    directory: `${folder}/in-process-${strategy}`,
    strategy,
    codec: 'bytes',
    memory: false,
  });
  const memory = new FileCache({ directory: `${folder}/in-process-${strategy}-memory`, strategy });
  return { name: `cache-${strategy}`, disk, memory };
}

/**
 * @param {Bench} bench
 * @param {string} folder
 * @param {typeof STRATEGIES[number]} strategy
 * @param {number} bytes
 */
async function addFile(bench, folder, strategy, bytes) {
  const path = `${folder}/in-process-files-${strategy}/${bytes}`;
  mkdirSync(`${folder}/in-process-files-${strategy}`, { recursive: true });
  const content = Buffer.alloc(bytes, 'x');
  const options = { strategy };
  await writeFile(path, content, options);
  bench.add(nameOf(strategy, 'read', bytes), () => readFile(path, options));
  bench.add(nameOf(strategy, 'write', bytes), () => writeFile(path, content, options));
  bench.add(nameOf(strategy, 'update', bytes), () => updateFile(path, () => content, options));
}

/**
 * @param {Bench} bench
 * @param {Caches} caches
 * @param {number} bytes
 */
async function addCache(bench, { name, disk }, bytes) {
  const key = String(bytes);
  const content = Buffer.alloc(bytes, 'x');
  await disk.set(key, content);
  bench.add(nameOf(name, 'read', bytes), () => disk.get(key));
  bench.add(nameOf(name, 'write', bytes), () => disk.set(key, content));
  bench.add(nameOf(name, 'update', bytes), () => disk.update(key, () => content));
}

/**
 * @param {Bench} bench
 * @param {Caches} caches
 */
async function addMemoryHit(bench, { name, memory }) {
  await memory.set('hit', { text: 'x'.repeat(1_000) });
  await memory.get('hit');
  bench.add(nameOf(name, 'memory hit', 1_024), () => memory.get('hit'));
}

/**
 * @param {string} contender
 * @param {Row['operation']} operation
 * @param {number} bytes
 */
function nameOf(contender, operation, bytes) {
  return `${contender}|${operation}|${bytes}`;
}

/**
 * @param {import('tinybench').Task} task
 * @returns {Row}
 */
function rowOf({ name, result }) {
  const [contender = '', operation = '', bytes = ''] = name.split('|');
  if (result.state !== 'completed') {
    throw new Error(`${name} ${result.state}: ${'error' in result ? result.error.message : ''}`);
  }
  const microseconds = (/** @type {number} */ milliseconds) => Number((milliseconds * 1_000).toPrecision(4));
  const { p50, p99, mean, samplesCount } = result.latency;
  return {
    contender,
    operation: /** @type {Row['operation']} */ (operation),
    bytes: Number(bytes),
    p50: microseconds(p50),
    p99: microseconds(p99),
    mean: microseconds(mean),
    samples: samplesCount,
  };
}
