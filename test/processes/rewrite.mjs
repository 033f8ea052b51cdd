// Rewrites a file until it is killed: `truncate` in place, as naive writers do, or `rename`, a new version put in its place.
import { renameSync, writeFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';

const [path = '', how] = process.argv.slice(2);

/** @param {string} text */
function write(text) {
  if (how === 'truncate') return writeFileSync(path, text);
  writeFileSync(`${path}.tmp`, text);
  renameSync(`${path}.tmp`, path);
}

for (let turn = 0; ; turn += 1) {
  write('x'.repeat(40 + (turn % 40)));
  if (turn === 0) console.log('writing');
  await nextTurn();
}
