// @ts-check
// npm run test:matrix [-- words]: holdfast as users get it, in all runtimes. Only cells that have all the words in their names, if there are
// any. Ends with 1 where a cell fails. What cannot be had here is named with its reason, and is no failure.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import Table from 'cli-table3';
import { allCells, tidy } from './cells.mjs';
import { installMatrix, makePlace } from './place.mjs';

const LONGEST_MS = 180_000;

installMatrix();
const words = process.argv.slice(2).map((word) => word.toLowerCase());
const cells = allCells().filter(({ runtime, how }) => {
  const name = `${runtime} ${how}`.toLowerCase();
  return words.every((word) => name.includes(word));
});
const table = new Table({ head: ['runtime', 'version', 'how', 'outcome', 'seconds'], style: { head: [], border: [] } });
let failed = 0;
let passed = 0;
// Ctrl-C ends the cell that runs, and then the rest; the folder is removed all the same.
process.on('SIGINT', () => {});
const { folder, remove } = makePlace();
try {
  for (const cell of cells) {
    const started = performance.now();
    const outcome = outcomeOf(cell);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(
      `${outcome.word.padEnd(8)} ${cell.runtime} ${cell.version}, ${cell.how}${outcome.reason ? `: ${outcome.reason}` : ''}`,
    );
    if (outcome.output) console.log(outcome.output.replace(/^/gm, '    '));
    if (outcome.interrupted) break;
    if (outcome.word === 'failed') failed += 1;
    if (outcome.word === 'works') passed += 1;
    table.push([
      cell.runtime,
      cell.version,
      cell.how,
      outcome.reason ? `${outcome.word}: ${outcome.reason}` : outcome.word,
      seconds,
    ]);
  }
} finally {
  remove();
}
console.log(table.toString());
console.log(`${passed} passed, ${failed} failed, ${cells.length - passed - failed} skipped`);
process.exitCode = failed > 0 || passed === 0 || table.length < cells.length ? 1 : 0;

/**
 * @param {import('./cells.mjs').Cell} cell
 * @returns {{ word: 'works' | 'failed' | 'not here', reason?: string, output?: string, interrupted?: boolean }}
 */
function outcomeOf(cell) {
  tidy(folder);
  let reason;
  try {
    reason = cell.prepare(folder);
  } catch (error) {
    return { word: 'failed', reason: error instanceof Error ? error.message : String(error) };
  }
  if (reason !== undefined) return { word: 'not here', reason };
  for (const [program, args] of cell.commands(folder)) {
    const env = { ...process.env, NO_COLOR: '1', TMPDIR: join(folder, 'tmp'), ...cell.env };
    const { status, signal, stdout, stderr } = spawnSync(program, args, {
      cwd: folder,
      env,
      encoding: 'utf8',
      timeout: LONGEST_MS,
    });
    if (status === 0) continue;
    const interrupted = signal === 'SIGINT' || status === 130;
    const output = `${stdout}\n${stderr}`.split('\n').filter((line) => !/^ok /.test(line));
    return {
      word: 'failed',
      reason: `ended with ${signal ?? status}`,
      output: output.slice(0, 60).join('\n').trim(),
      interrupted,
    };
  }
  return { word: 'works' };
}
