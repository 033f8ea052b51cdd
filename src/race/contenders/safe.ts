import { createReadStream } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import {
  mapFile,
  readFile,
  type StrategyName,
  strategyNamed,
  updateFile,
  whileHolding,
  writeFile,
} from '../../file/index.js';
import { type Finding, inspect, nextCount } from '../data/index.js';
import type { Contender, Course } from './contender.js';

/** A strategy of the file functions, used as users of this package do. `signal` ends waits for the lock. */
export function safeContender(strategy: StrategyName, course: Course, signal: AbortSignal): Contender {
  const { cachePath, counterPath, access } = course;
  const options = { strategy, signal };

  async function readMapped(): Promise<Finding> {
    const file = await mapFile(cachePath, options);
    try {
      return inspect(file.bytes);
    } finally {
      await file.close();
    }
  }

  async function readWhole(): Promise<Finding> {
    return inspect(await readFile(cachePath, options));
  }

  /** The lock is held until the stream ends, since a stream reads its file in pieces. */
  async function readStreamed(): Promise<Finding> {
    const { readersLock, lock } = strategyNamed(strategy);
    const streamed = async () => inspect(await buffer(createReadStream(cachePath)));
    return readersLock ? whileHolding(await lock(cachePath, 'shared', { signal }), streamed) : streamed();
  }

  return {
    read: { mmap: readMapped, read: readWhole, stream: readStreamed }[access],
    write: (payload) => writeFile(cachePath, payload, options),
    increment: () => updateFile(counterPath, nextCount, options),
  };
}
