// @ts-check
// Starts the other side (peer.mjs) as a process or as a worker thread of the runtime that this is run by.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { Worker } from 'node:worker_threads';

/**
 * @typedef {object} Peer
 * @property {(request: object) => Promise<any>} ask
 * @property {() => Promise<void>} end
 */

/** @typedef {{ peerPath: string, peerArguments: readonly string[] }} Runtime  What starts a process of this runtime, after its own path. */

/**
 * @param {Runtime} runtime
 * @param {object} cache
 * @returns {Peer}
 */
export function processPeer({ peerPath, peerArguments }, cache) {
  const child = spawn(process.execPath, [...peerArguments, peerPath, JSON.stringify(cache)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal ?? code)));
  const { ask, heard } = conversation((request) => child.stdin.write(`${JSON.stringify(request)}\n`), ended);
  createInterface({ input: child.stdout }).on('line', (line) => heard(JSON.parse(line)));
  return {
    ask,
    async end() {
      await ask({ do: 'close' });
      child.stdin.end();
      if ((await ended) !== 0) throw new Error(`the other process ended with ${await ended}`);
    },
  };
}

/**
 * @param {Runtime} runtime
 * @param {object} cache
 * @returns {Peer}
 */
export function workerPeer({ peerPath }, cache) {
  const worker = new Worker(peerPath, { workerData: cache });
  const ended = new Promise((resolve) => {
    worker.once('exit', resolve);
    worker.once('error', (error) => resolve(`${error.message}\n${error.stack}`));
  });
  const { ask, heard } = conversation((request) => worker.postMessage(request), ended);
  worker.on('message', heard);
  return {
    ask,
    async end() {
      await ask({ do: 'close' });
      if ((await ended) !== 0) throw new Error(`the worker ended with ${await ended}`);
    },
  };
}

/**
 * One question at a time, and its answer. A peer that ends answers nothing any more.
 *
 * @param {(request: object) => void} say
 * @param {Promise<unknown>} ended
 */
function conversation(say, ended) {
  /** @type {((response: { answer?: unknown, error?: string }) => void)[]} */
  const waiting = [];
  return {
    /** @param {{ answer?: unknown, error?: string }} response */
    heard: (response) => waiting.shift()?.(response),
    /** @param {object} request */
    async ask(request) {
      const heard = new Promise((resolve) => waiting.push(resolve));
      say(request);
      const response = await Promise.race([heard, ended.then((how) => ({ error: `it ended: ${how}` }))]);
      if (response.error !== undefined) throw new Error(`${JSON.stringify(request)}: ${response.error}`);
      return response.answer;
    },
  };
}
