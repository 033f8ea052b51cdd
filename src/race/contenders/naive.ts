import { closeSync, createReadStream, fstatSync, openSync, readFileSync, writeSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { mapPrivate } from '../../os/mmap.js';
import { type Finding, inspect, nextCount } from '../data/index.js';
import type { Contender, Course } from './contender.js';

/**
 * The code that this package replaces: a writer that truncates and then writes, a reader that takes no lock, an update
 * that is a read and a write. Only the race uses it: no function of this package accepts its name.
 */
export function naiveContender({ cachePath, counterPath, access }: Course): Contender {
  const read = { mmap: readMapped, read: readWhole, stream: readStreamed }[access];
  return {
    read: async () => read(cachePath),
    write: async (payload) => truncateAndWrite(cachePath, payload),
    increment: async () => truncateAndWrite(counterPath, nextCount(readFileSync(counterPath))),
  };
}

/** Between open and write the file is 0 bytes long. */
function truncateAndWrite(path: string, data: Buffer): void {
  const fd = openSync(path, 'w');
  try {
    writeSync(fd, data);
  } finally {
    closeSync(fd);
  }
}

/** Between fstat and the touch another process may truncate the file: then SIGBUS ends this process. */
function readMapped(path: string): Finding {
  const fd = openSync(path, 'r');
  try {
    const { size } = fstatSync(fd);
    // mmap(2) fails with EINVAL for a length of 0.
    if (size === 0) return 'empty';
    const mapping = mapPrivate(fd, size);
    try {
      return inspect(mapping.bytes);
    } finally {
      mapping.close();
    }
  } finally {
    closeSync(fd);
  }
}

function readWhole(path: string): Finding {
  return inspect(readFileSync(path));
}

async function readStreamed(path: string): Promise<Finding> {
  return inspect(await buffer(createReadStream(path)));
}
