// @ts-check
// Opens a cache on the main thread and in worker threads, a few at a time, that end without close(): some by themselves, some by
// process.exit(), some are terminated. node ending-workers.mjs DIRECTORY COUNT prints how many mappings of `shared` and how much memory
// there were before and after; a few of them have ended before the first look.
import { readFileSync, writeFileSync } from 'node:fs';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { FileCache, mapFile } from '../../dist/index.js';

const AT_A_TIME = 4;
const FIRST_ROUND = 3;

if (isMainThread) {
  const [directory = '', count = '0'] = process.argv.slice(2);
  writeFileSync(`${directory}-file`, 'x'.repeat(100_000));
  const cache = new FileCache({ directory });
  await cache.set('key', 'value');
  await workers(directory, FIRST_ROUND);
  const before = look();
  await workers(directory, Number(count));
  const after = look();
  await cache.close();
  console.log(JSON.stringify({ before, after }));
} else {
  const cache = new FileCache({ directory: workerData.directory });
  const value = await cache.get('key');
  await cache.set(`key-${workerData.number}`, value);
  const mapped = await mapFile(`${workerData.directory}-file`);
  if (mapped.bytes.length !== 100_000) throw new Error('not mapped');
  parentPort?.postMessage(value);
  if (workerData.end === 'exit') process.exit(0);
  // Kept alive until it is terminated.
  if (workerData.end === 'terminate') setInterval(() => {}, 1000);
}

/**
 * @param {string} directory
 * @param {number} count
 */
async function workers(directory, count) {
  let started = 0;
  const inTurn = async () => {
    while (started < count) {
      const end = ['itself', 'exit', 'terminate'][started % 3];
      const worker = new Worker(new URL(import.meta.url), { workerData: { directory, number: started, end } });
      started += 1;
      const ended = new Promise((resolve, reject) => worker.once('exit', resolve).once('error', reject));
      const said = await new Promise((resolve) => worker.once('message', resolve));
      if (said !== 'value') throw new Error(`a worker read ${said}`);
      if (end === 'terminate') await worker.terminate();
      await ended;
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, inTurn));
}

function look() {
  const maps = readFileSync('/proc/self/maps', 'utf8').split('\n');
  const rss = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'));
  return {
    shared: maps.filter((line) => line.endsWith('/shared')).length,
    files: maps.filter((line) => line.endsWith('-file')).length,
    all: maps.length,
    rssMb: Math.round(Number(rss?.[1]) / 1024),
  };
}
