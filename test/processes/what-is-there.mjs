// @ts-check
// Tells what locks and maps files here, on the main thread and in a worker thread: a JSON object, errors by their code.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { lockFile, mapFile, readFile, updateFile, writeFile } from '../../dist/index.js';
import { exchange } from '../../dist/os/exchange.js';
import { flockMechanism } from '../../dist/os/flock.js';

/** @param {() => unknown} call */
async function outcomeOf(call) {
  try {
    const value = await call();
    return typeof value === 'string' ? value : 'works';
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code;
  }
}

const folder = mkdtempSync(join(tmpdir(), 'holdfast-test-'));
try {
  const [path, other] = [join(folder, 'data'), join(folder, 'other')];
  writeFileSync(path, 'content');
  writeFileSync(other, 'other');
  const outcomes = {
    mechanism: await outcomeOf(() => flockMechanism()),
    lock: await outcomeOf(async () => (await lockFile(path, 'exclusive')).release()),
    read: await outcomeOf(() => readFile(path)),
    readUnlocked: await outcomeOf(() => readFile(path, { strategy: 'rename' })),
    write: await outcomeOf(() => writeFile(path, 'content')),
    update: await outcomeOf(() => updateFile(path, () => 'content')),
    map: await outcomeOf(async () => (await mapFile(path, { strategy: 'rename' })).close()),
    exchange: await outcomeOf(() => exchange(path, other)),
  };
  if (isMainThread) {
    const worker = new Worker(new URL(import.meta.url));
    const inWorker = await new Promise((resolve) => worker.once('message', resolve));
    console.log(JSON.stringify({ main: outcomes, worker: inWorker }));
  } else {
    parentPort?.postMessage(outcomes);
  }
} finally {
  rmSync(folder, { recursive: true });
}
