// @ts-check
// The other side of the smoke test: a process (lines of JSON) or a worker thread (messages) that does what it is asked to.
import { createInterface } from 'node:readline';
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { FileCache, lockFile, updateFile } from 'holdfast';

/** @typedef {{ do: string, path?: string, key?: string, times?: number, value?: unknown }} Request */

const { directory, strategy } = isMainThread ? JSON.parse(process.argv[2] ?? '{}') : workerData;
const cache = new FileCache({ directory, strategy });
/** @type {import('holdfast').FileLock | undefined} */
let lock;

/** @param {Request} request */
async function answer({ do: what, path = '', key = '', times = 0, value }) {
  switch (what) {
    case 'lock':
      lock = await lockFile(path, 'exclusive');
      return 'locked';
    case 'unlock':
      await lock?.release();
      return 'unlocked';
    case 'get':
      return (await cache.get(key)) ?? null;
    case 'set':
      await cache.set(key, value);
      return 'set';
    case 'load': {
      let loads = 0;
      const loaded = await cache.getOrSet(key, async () => {
        loads += 1;
        await new Promise((resolve) => setTimeout(resolve, 30));
        return 'loaded';
      });
      return { loads, loaded };
    }
    case 'increment':
      for (let time = 0; time < times; time += 1) await cache.update(key, (old) => Number(old ?? 0) + 1);
      return 'incremented';
    case 'increment file':
      for (let time = 0; time < times; time += 1) await updateFile(path, (old) => String(Number(old ?? 0) + 1));
      return 'incremented';
    case 'close':
      await cache.close();
      return 'closed';
    default:
      throw new Error(`no such request: ${what}`);
  }
}

/** @param {Request} request */
async function respond(request) {
  try {
    return { answer: await answer(request) };
  } catch (error) {
    return { error: error instanceof Error ? `${error.message}\n${error.stack}` : String(error) };
  }
}

if (isMainThread) {
  const lines = createInterface({ input: process.stdin });
  lines.on('line', async (line) => {
    console.log(JSON.stringify(await respond(JSON.parse(line))));
  });
} else {
  parentPort?.on('message', async (request) => {
    parentPort?.postMessage(await respond(request));
    // Deno has no close() here.
    if (request.do === 'close') process.exit(0);
  });
}
