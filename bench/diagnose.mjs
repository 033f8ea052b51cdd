// @ts-check
// npm run bench:diagnose: how fast a long log is read, and in how much memory. The log is a real one, of processes that share files and a
// cache through this package, over and over with other process ids and another folder, until it is long enough; in its middle
// stands one victim with its culprit, which must be found, and nothing else. Where it is not, the bench fails.
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { measured } from './support/ratios.mjs';
import { positive, runBench } from './support/report.mjs';

const VICTIM = 900_000_001;
const CULPRIT = 900_000_002;
const PLANTED = `${VICTIM} openat(AT_FDCWD, "/planted/cache", O_RDONLY) = 3
${VICTIM} fstat(3, {st_mode=S_IFREG|0644, st_size=71, ...}) = 0
${CULPRIT} openat(AT_FDCWD, "/planted/cache", O_WRONLY|O_CREAT|O_TRUNC, 0666) = 5
${VICTIM} mmap(NULL, 71, PROT_READ, MAP_SHARED, 3, 0) = 0x7f0000001000
${VICTIM} --- SIGBUS {si_signo=SIGBUS, si_code=BUS_ADRERR, si_addr=0x7f0000001000} ---
${VICTIM} +++ killed by SIGBUS +++
${CULPRIT} write(5, "x"..., 71) = 71
${CULPRIT} close(5) = 0
${CULPRIT} exit_group(0) = ?
${CULPRIT} +++ exited with 0 +++
`;

await runBench(
  'diagnose',
  async ({ folder, rounds, quick, own }) => {
    const bytes = (quick ? 50 : positive(own, 'megabytes')) * 1e6;
    const trace = record(folder);
    const log = join(folder, 'long.log');
    const times = lengthen(trace, log, folder, bytes);
    console.log(`a trace of ${(trace.length / 1e6).toFixed(1)} MB, ${times} times, and one culprit`);
    const results = Array.from({ length: rounds }, () => measure(log));
    for (const result of results) assertFound(result);
    const [{ lines, garbage } = { lines: 0, garbage: 0 }] = results;
    console.log(`${lines.toLocaleString('en-US')} lines, ${garbage} not understood; the culprit was found`);
    const title = `a log of ${bytes / 1e6} MB`;
    return {
      results: results.map(({ findings: _, ...figures }) => figures),
      ratios: [
        measured(
          `${title}, read`,
          results.map((result) => result.bytes / 1e6 / result.seconds),
          { min: 50 },
          'MB/s',
        ),
        measured(
          `${title}, memory at its peak`,
          results.map(({ peakBytes }) => peakBytes / 1e6),
          { max: 200 },
          'MB',
        ),
        measured(
          `${title}, findings where there is nothing to find`,
          results.map(({ findings }) => findings.length - 1),
          { max: 0 },
          'findings',
        ),
      ],
    };
  },
  { megabytes: '1000' },
);

/** Traces the programs of the tests that are found to be without fault. */
function record(/** @type {string} */ folder) {
  const program = fileURLToPath(new URL('../test/processes/well-behaved.mjs', import.meta.url));
  const parts = ['flock', 'rename', 'cache-rename', 'cache-flock'].map((how) => {
    const log = join(folder, `trace-${how}`);
    execFileSync('strace', ['-f', '-o', log, process.execPath, program, join(folder, `place-${how}`), how]);
    return readFileSync(log, 'latin1');
  });
  return parts.join('');
}

/**
 * Writes the trace as often as needed, each time with other process ids and another folder. Gives how often.
 * @param {string} trace
 * @param {string} log
 * @param {string} folder as it stands in the trace
 * @param {number} bytesWanted
 */
function lengthen(trace, log, folder, bytesWanted) {
  const pids = new Set(trace.match(/^\d+/gm));
  const pattern = new RegExp(`(${folder.replaceAll('.', '\\.')}|\\b(?:${[...pids].join('|')})\\b)`);
  // Texts at even places, what changes at odd ones.
  const pieces = trace.split(pattern);
  const fd = openSync(log, 'w');
  let written = 0;
  let planted = false;
  let times = 0;
  try {
    for (; written < bytesWanted; times += 1) {
      if (!planted && written >= bytesWanted / 2) {
        writeSync(fd, PLANTED);
        planted = true;
      }
      const shift = times * 100_000;
      const copy = pieces
        .map((piece, index) => {
          if (index % 2 === 0) return piece;
          return piece === folder ? `/bench/folder-${times}` : String(Number(piece) + shift);
        })
        .join('');
      written += writeSync(fd, Buffer.from(copy, 'latin1'));
    }
    if (!planted) writeSync(fd, PLANTED);
  } finally {
    closeSync(fd);
  }
  return times;
}

/**
 * In a process of its own, so that its memory is its own.
 * @param {string} log
 * @returns {{ seconds: number, bytes: number, lines: number, garbage: number, peakBytes: number, findings: { kind: string, path: string, victim?: { pid: number }, culprit?: { pid: number } }[] }}
 */
function measure(log) {
  const script = fileURLToPath(new URL('diagnose/measure.mjs', import.meta.url));
  const { status, stdout } = spawnSync(process.execPath, [script, log], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 1e8,
  });
  if (status !== 0) throw new Error(`It ended with ${status}.`);
  return JSON.parse(stdout);
}

/**
 * A reader that is fast and finds nothing is of no use.
 *
 * @param {ReturnType<typeof measure>} result
 */
function assertFound({ findings }) {
  const [finding] = findings;
  const found =
    finding?.victim?.pid === VICTIM && finding.culprit?.pid === CULPRIT && finding.path === '/planted/cache';
  if (!found) throw new Error(`The planted culprit was not found: ${JSON.stringify(finding)}.`);
}
