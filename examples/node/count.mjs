// Counts visits in a JSON file that other programs share: node examples/node/count.mjs FILE [TIMES]
//
// The strategy `flock` rewrites the file where it is, under the exclusive lock of FILE.lock. Everybody else who locks that
// sidecar, in whatever language, sees whole versions only.
import { updateFile } from 'holdfast';

const [file, times = '1'] = process.argv.slice(2);
if (file === undefined) {
  console.error('Usage: node examples/node/count.mjs FILE [TIMES]');
  process.exit(2);
}

for (let done = 0; done < Number(times); done += 1) {
  await updateFile(file, countOneMore, { strategy: 'flock' });
}

/** @param {Buffer | undefined} old  `undefined` where there is no file yet. */
function countOneMore(old) {
  const { visits } = old === undefined ? { visits: 0 } : JSON.parse(String(old));
  return `${JSON.stringify({ visits: visits + 1, by: 'Node' })}\n`;
}
