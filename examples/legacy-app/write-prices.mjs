// The writer of the legacy shop: it rewrites the file in place, under the exclusive lock.
import { writeFile } from 'node:fs/promises';
import { lockFile } from 'holdfast';

/**
 * @param {string} path
 * @param {Record<string, number>} prices
 */
export async function writePrices(path, prices) {
  const lock = await lockFile(path, 'exclusive');
  try {
    // Truncates first: without the lock a reader would find nothing, or half of it.
    await writeFile(path, JSON.stringify(prices));
  } finally {
    await lock.release();
  }
}
