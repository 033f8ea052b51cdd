// @ts-check
// Does to files what its parent tells it, on its main thread or in a worker thread of it. test/helpers/actor.ts is the other end.
// HOLDFAST_TEST_LOCK=broken: locks that always grant, to show that a test sees the difference.
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { lockFile, tryLockFile, writeFile } from '../../dist/index.js';
import { replaceSyscalls } from '../../dist/os/syscalls.js';

/** @typedef {{ id: number, thread: 'main' | 'worker', call: string, path: string, mode: 'shared' | 'exclusive', name: number, data: string, options?: object }} Request */

if (process.env['HOLDFAST_TEST_LOCK'] === 'broken') replaceSyscalls({ tryFlock: () => true });

/** @type {Map<number, import('../../dist/index.js').FileLock>} */
const locks = new Map();

/** @param {object} message */
const answer = (message) => (isMainThread ? process.send?.(message) : parentPort?.postMessage(message));

/** @type {Record<string, (request: Request) => Promise<unknown>>} */
const calls = {
  async lock({ id, path, mode, options }) {
    const granted = lockFile(path, mode, options);
    answer({ id, asked: true });
    locks.set(id, await granted);
    return id;
  },
  async tryLock({ id, path, mode }) {
    const lock = tryLockFile(path, mode);
    if (lock === undefined) return undefined;
    locks.set(id, lock);
    return id;
  },
  async release({ name }) {
    await locks.get(name)?.release();
    locks.delete(name);
  },
  async writeFile({ path, data, options }) {
    await writeFile(path, data, options);
  },
  async terminateWorker() {
    await worker?.terminate();
    worker = undefined;
  },
};

/** @param {Request} request */
async function serve(request) {
  try {
    answer({ id: request.id, value: await calls[request.call]?.(request) });
  } catch (error) {
    const { name, message, code, path } = /** @type {NodeJS.ErrnoException} */ (error);
    answer({ id: request.id, error: { name, message, code, path } });
  }
}

/** @type {Worker | undefined} */
let worker;

/** @param {Request} request */
function pass(request) {
  worker ??= new Worker(new URL(import.meta.url)).on('message', answer);
  worker.postMessage(request);
}

if (isMainThread) {
  process.on('message', (message) => {
    const request = /** @type {Request} */ (message);
    if (request.thread === 'worker') pass(request);
    else void serve(request);
  });
  process.on('disconnect', () => process.exit());
  answer({ ready: true });
} else {
  parentPort?.on('message', serve);
}
