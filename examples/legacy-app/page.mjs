// The first reader of the legacy shop: it takes the shared lock.
import { readFile } from 'node:fs/promises';
import { lockFile } from 'holdfast';

/** @param {string} path */
export async function page(path) {
  const lock = await lockFile(path, 'shared');
  try {
    const prices = JSON.parse(await readFile(path, 'utf8'));
    return `${Object.entries(prices)
      .map(([name, price]) => `${name}: ${price}`)
      .join('\n')}\n`;
  } finally {
    await lock.release();
  }
}
