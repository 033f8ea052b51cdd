import { describeEnvironment } from '../../race/report/index.js';
import { openWorkspace } from '../../race/run/index.js';
import {
  type BenchCell,
  type BenchOptions,
  type BenchProgress,
  type BenchReport,
  resolveBenchOptions,
} from '../report/index.js';
import { type Load, measureCell } from './measure-cell.js';

/** The compiled module that opens the contenders of this package, see `team.ts`. */
export const OWN_CONTENDERS = new URL('../../../dist/bench/contenders/contenders.js', import.meta.url).href;

/**
 * Measures the strategies of the file functions, and caches, that processes share: for each contender, number of
 * processes, share of reads and number of keys, real processes read and write values of JSON for some time. It loads
 * the machine fully. When it settles, every process has ended, and its folder is removed. The figures hold for this
 * machine and this disk, while nothing else runs on them.
 *
 * Rejects with `ERR_INVALID_ARGUMENT`, with `ERR_MAP_UNSUPPORTED` or `ERR_LOCK_UNSUPPORTED` where a contender needs
 * what this machine lacks, and with the system's error where a folder or a process cannot be made. An abort does not
 * reject: the report says `interrupted`.
 */
export async function runBench(options: BenchOptions = {}): Promise<BenchReport> {
  const resolved = resolveBenchOptions(options);
  const { signal = new AbortController().signal, onProgress } = options;
  const workspace = openWorkspace(options.directory);
  try {
    const environment = describeEnvironment(workspace.path);
    const { contenders, processes, reads, keys, seconds, bytes, seed } = resolved;
    const loads = product(keys, reads, processes, contenders).map(
      ([keyCount, readShare, processCount, contender]): Load<BenchCell['contender']> => ({
        contender,
        module: OWN_CONTENDERS,
        processes: processCount,
        reads: readShare,
        keys: keyCount,
        seconds,
        bytes,
        seed,
      }),
    );
    const cells = await measureAll(loads, workspace.path, signal, onProgress);
    return { schema: 1, bench: 'contention', environment, options: resolved, interrupted: signal.aborted, cells };
  } finally {
    workspace.remove();
  }
}

/** One combination after the other, until the signal is aborted. */
async function measureAll(
  loads: readonly Load<BenchCell['contender']>[],
  workspacePath: string,
  signal: AbortSignal,
  onProgress: ((progress: BenchProgress) => void) | undefined,
): Promise<BenchCell[]> {
  const cells: BenchCell[] = [];
  try {
    for (const load of loads) {
      if (signal.aborted) break;
      const { contender, processes, reads, keys } = load;
      onProgress?.({ done: cells.length, of: loads.length, contender, processes, reads, keys });
      cells.push(await measureCell(load, workspacePath, signal));
    }
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error;
  }
  return cells;
}

/**
 * Every combination. The last list varies fastest, so that combinations to be compared are measured right after each
 * other.
 */
function product<A, B, C, D>(as: readonly A[], bs: readonly B[], cs: readonly C[], ds: readonly D[]): [A, B, C, D][] {
  return as.flatMap((a) => bs.flatMap((b) => cs.flatMap((c) => ds.map((d): [A, B, C, D] => [a, b, c, d]))));
}
