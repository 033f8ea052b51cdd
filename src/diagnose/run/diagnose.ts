import { basename } from 'node:path';
import { HoldfastError } from '../../errors.js';
import { isUrl, pathOfUrl } from '../../os/realms.js';
import { Inquiry } from '../evidence/index.js';
import { AuditReader, judge, StraceReader } from '../follow/index.js';
import { type ByteSource, chunkSource, fileSource, LARGEST_BUFFER, SMALLEST_BUFFER } from '../lines/index.js';
import { inOrder, Log } from '../logs/index.js';
import type { DiagnoseReport } from '../report/index.js';

/**
 * A log that is not a file: its chunks, and a name for the report. A name that ends with `.4242` gives the process, as
 * `strace -ff` does.
 */
export interface LogSource {
  name: string;
  chunks: AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>;
}

export interface DiagnoseProgress {
  /** The bytes of all logs that have been read so far. */
  bytes: number;
  /** The length of all logs that are files. */
  totalBytes: number;
  /** The number of findings so far. */
  findings: number;
}

export interface DiagnoseOptions {
  /** Ends the reading; the report is about what was read until then. */
  signal?: AbortSignal | undefined;
  /** Called after every few megabytes. */
  onProgress?: ((progress: DiagnoseProgress) => void) | undefined;
}

const MANY_LOGS = 16;
const PROGRESS_BYTES = 4 * 1024 * 1024;

/**
 * Reads strace and audit logs as streams, and finds what endangers the files in them: which process died of SIGBUS and
 * which one had truncated the file; which process reads or writes without the lock that others take.
 *
 * Guaranteed: memory depends on what is open and mapped at one time, not on the length of the logs; lines that cannot
 * be understood are counted and skipped. *Not* guaranteed: that a program is safe where nothing is found; then only the
 * logs show nothing.
 *
 * Several logs are put in order by their times (`-t`, `-tt`, `-ttt`); without times, by which process started which;
 * `order` says so.
 *
 * Throws `ERR_INVALID_ARGUMENT` where there is no log, and the errors of open(2) and read(2).
 */
export async function diagnose(
  logs: readonly (string | URL | LogSource)[],
  options: DiagnoseOptions = {},
): Promise<DiagnoseReport> {
  return diagnosePrepared(logs, options, () => {});
}

/**
 * {@link diagnose}, with what is known of processes whose start the log does not show: `prepare` adds it before the
 * first line.
 */
export async function diagnosePrepared(
  logs: readonly (string | URL | LogSource)[],
  options: DiagnoseOptions,
  prepare: (inquiry: Inquiry) => void,
): Promise<DiagnoseReport> {
  if (!Array.isArray(logs) || logs.length === 0) {
    throw new HoldfastError('ERR_INVALID_ARGUMENT', 'Expected at least one log: a path, a URL, or { name, chunks }.');
  }
  const opened: Log[] = [];
  try {
    let totalBytes = 0;
    for (const [index, log] of logs.entries()) {
      const { name, source, size } = await openLog(log);
      totalBytes += size;
      opened.push(
        new Log(index, name, source, pidIn(name), logs.length > MANY_LOGS ? SMALLEST_BUFFER : LARGEST_BUFFER),
      );
    }
    return await read(opened, totalBytes, options, prepare);
  } finally {
    await Promise.all(opened.map((log) => log.cursor.close()));
  }
}

async function openLog(log: string | URL | LogSource): Promise<{ name: string; source: ByteSource; size: number }> {
  if (typeof log === 'object' && 'chunks' in log) return { name: log.name, source: chunkSource(log.chunks), size: 0 };
  const source = await fileSource(log);
  return { name: isUrl(log) ? pathOfUrl(log) : log, source, size: source.size };
}

/** `strace -ff -o trace` makes `trace.4242`. */
function pidIn(name: string): number {
  return Number(/\.(\d+)$/.exec(basename(name))?.[1] ?? 0);
}

async function read(
  logs: readonly Log[],
  totalBytes: number,
  options: DiagnoseOptions,
  prepare: (inquiry: Inquiry) => void,
): Promise<DiagnoseReport> {
  const { signal, onProgress } = options;
  const names = logs.map(({ cursor }) => cursor.name);
  const merge = await inOrder(logs);
  const inquiry = new Inquiry(names, merge.order, merge.merged, judge);
  inquiry.onBegan = (pid) => merge.began(pid);
  prepare(inquiry);
  const strace = new StraceReader(inquiry);
  const audit = new AuditReader();
  let told = 0;
  for (;;) {
    const log = merge.next() ?? (await merge.wait());
    if (log === undefined || signal?.aborted) break;
    if (log.format === 'audit') {
      if (audit.take(log.cursor, log.index) === 'garbage') log.garbage += 1;
    } else {
      inquiry.log = log.index;
      inquiry.line = log.line.number;
      inquiry.timeMs = log.timeMs;
      strace.take(log.line, log.pid);
    }
    if (onProgress !== undefined && log.cursor.bytesRead - told > PROGRESS_BYTES) {
      told = log.cursor.bytesRead;
      onProgress({
        bytes: logs.reduce((sum, { cursor }) => sum + cursor.bytesRead, 0),
        totalBytes,
        findings: inquiry.findings.count,
      });
    }
  }
  strace.finish();
  audit.finish(inquiry.findings);
  return {
    schema: 1,
    logs: logs.map((log) => log.summary()),
    order: merge.order,
    ...inquiry.findings.report(),
    interrupted: signal?.aborted ?? false,
  };
}
