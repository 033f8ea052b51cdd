// @ts-check
// Writes one version of a file after the other until it is killed. A version is one number, repeated on lines of 8 bytes, so that a
// reader can tell a whole one from a torn one. The strategy `naive` truncates, then writes: the old bug.
import { closeSync, openSync, writeSync } from 'node:fs';
import { writeFile } from '../../dist/index.js';

/** @typedef {import('../../dist/index.js').StrategyName} StrategyName */

const [path = '', strategy, lines] = process.argv.slice(2);

for (let version = 1; ; version += 1) {
  const content = `${String(version % 10_000_000).padStart(7)}\n`.repeat(Number(lines));
  if (strategy === 'naive') truncateAndWrite(content);
  else await writeFile(path, content, { strategy: /** @type {StrategyName} */ (strategy), timeout: 60_000 });
  if (version === 1) console.log('writing');
}

/** @param {string} content */
function truncateAndWrite(content) {
  const fd = openSync(path, 'w');
  writeSync(fd, content);
  closeSync(fd);
}
