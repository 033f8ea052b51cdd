// @ts-check
// Locks a file on the main thread and in many short worker threads, a few at a time, and prints how many were done.
// HOLDFAST_TEST_WORKERS=fs-ext: the workers load fs-ext themselves, as a naive library would.
import { createRequire } from 'node:module';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { lockFile } from '../../dist/index.js';

const AT_A_TIME = 6;

if (isMainThread) {
  const [count, path = ''] = process.argv.slice(2);
  let left = Number(count);
  let done = 0;
  const inTurn = async () => {
    while (left > 0) {
      left -= 1;
      const worker = new Worker(new URL(import.meta.url), { workerData: path });
      const exitCode = await new Promise((resolve) => worker.once('exit', resolve));
      if (exitCode === 0) done += 1;
      await lockAndRelease(path);
    }
  };
  await lockAndRelease(path);
  await Promise.all(Array.from({ length: AT_A_TIME }, inTurn));
  console.log(String(done));
} else {
  if (process.env['HOLDFAST_TEST_WORKERS'] === 'fs-ext') createRequire(import.meta.url)('fs-ext');
  await lockAndRelease(workerData);
}

/** @param {string} path */
async function lockAndRelease(path) {
  const lock = await lockFile(path, 'exclusive');
  await lock.release();
}
