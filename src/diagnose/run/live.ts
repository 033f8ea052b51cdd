import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, openSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { errorCode, HoldfastError } from '../../errors.js';
import { setTimeout } from '../../os/timers.js';
import type { Inquiry } from '../evidence/index.js';
import type { DiagnoseReport } from '../report/index.js';
import { HOW_TO_GET_STRACE, parseStraceVersion, straceArguments } from '../strace/index.js';
import { type DiagnoseProgress, diagnosePrepared } from './diagnose.js';
import { presentState } from './present-state.js';

export interface LiveOptions {
  /**
   * Ends the trace. A command that was started for it gets the signal; a process that strace was attached to goes on.
   */
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: DiagnoseProgress) => void) | undefined;
}

/**
 * Where the standard output of the command goes: to that of this process, or to standard error where a report goes to
 * standard output.
 */
export interface CommandOptions extends LiveOptions {
  output?: 'stdout' | 'stderr' | undefined;
}

const STDERR_FD = 2;
const run = promisify(execFile);
/** The name of the log in a report. */
const LOG_NAME = 'strace';
const MOST_ERROR_TEXT = 4_000;

/**
 * Runs a command under strace(1) and analyses what it and its children do, while they do it. The command has the
 * terminal: it uses the standard input, output and error of this process. Resolves when strace ends; `command` tells
 * how the command ended.
 *
 * The command runs several times slower than without strace. Throws where strace is missing (`ENOENT`, with how to get
 * it) or cannot trace here.
 */
export async function diagnoseCommand(argv: readonly string[], options: CommandOptions = {}): Promise<DiagnoseReport> {
  if (argv.length === 0) throw new HoldfastError('ERR_INVALID_ARGUMENT', 'Expected a command.');
  const { report, exitCode, signal } = await traced(
    ['--', ...argv],
    ['inherit', options.output === 'stderr' ? STDERR_FD : 'inherit', 'inherit'],
    options,
  );
  return { ...report, command: { argv: [...argv], exitCode, signal } };
}

/**
 * Attaches to running processes, with all their threads and the children that they make, and analyses what they do
 * until they end or `signal` is aborted. /proc tells what they have open and mapped at the beginning.
 *
 * Throws where strace is missing (`ENOENT`), where there is no such process, or where tracing it is not allowed.
 */
export async function diagnosePids(pids: readonly number[], options: LiveOptions = {}): Promise<DiagnoseReport> {
  if (pids.length === 0 || !pids.every((pid) => Number.isSafeInteger(pid) && pid > 0)) {
    throw new HoldfastError('ERR_INVALID_ARGUMENT', `Expected process ids, got ${pids.join(', ')}.`);
  }
  const attach = pids.flatMap((pid) => ['-p', String(pid)]);
  const { report } = await traced(attach, ['inherit', 'inherit', 'pipe'], options, (inquiry) =>
    presentState(inquiry, pids),
  );
  return report;
}

interface Traced {
  readonly report: DiagnoseReport;
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

async function traced(
  target: readonly string[],
  stdio: ('inherit' | 'pipe' | number)[],
  options: LiveOptions,
  prepare: (inquiry: Inquiry) => void = () => {},
): Promise<Traced> {
  const version = await straceVersion();
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-diagnose-'));
  try {
    // A FIFO: strace opens its output by name, and a pipe of Node is a socket, which has none.
    const fifo = join(folder, 'strace');
    await run('mkfifo', ['-m', '600', fifo]);
    // By number: a FileHandle would close it a second time when it is garbage-collected.
    const fd = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
    const chunks = new Socket({ fd, readable: true, writable: false });
    // Messages of strace itself would go where the command writes.
    const attaching = stdio[2] === 'pipe';
    const args = straceArguments(fifo, version).filter((word) => !(attaching && word === '--seccomp-bpf'));
    const strace = spawn('strace', [...args, ...target], { stdio });
    const said = errorText(strace);
    const ended = once(strace, 'exit');
    const stop = () => strace.kill('SIGTERM');
    options.signal?.addEventListener('abort', stop, { once: true });
    if (options.signal?.aborted) stop();
    // Where strace ends before it has opened its output, nothing else ends the stream.
    void ended.then(() => handOver(chunks));
    try {
      const report = await diagnosePrepared([{ name: LOG_NAME, chunks }], { onProgress: options.onProgress }, prepare);
      const [exitCode, signal] = (await ended) as [number | null, NodeJS.Signals | null];
      if (report.logs[0]?.format === 'empty' && exitCode !== 0 && !options.signal?.aborted)
        throw couldNotTrace(target, said());
      return { report: { ...report, interrupted: !attaching && (options.signal?.aborted ?? false) }, exitCode, signal };
    } finally {
      options.signal?.removeEventListener('abort', stop);
      if (strace.exitCode === null && strace.signalCode === null) strace.kill('SIGKILL');
      chunks.destroy();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Ends the stream when all that was written has been read. */
function handOver(chunks: Socket): void {
  if (chunks.readableEnded || chunks.destroyed) return;
  if (chunks.bytesRead === 0) setTimeout(() => chunks.bytesRead === 0 && chunks.push(null), 100).unref();
}

async function straceVersion() {
  try {
    return parseStraceVersion((await run('strace', ['-V'])).stdout);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    throw Object.assign(new Error(HOW_TO_GET_STRACE, { cause: error }), {
      code: 'ENOENT',
      syscall: 'spawn',
      path: 'strace',
    });
  }
}

function errorText({ stderr }: ChildProcess): () => string {
  let text = '';
  stderr?.on('data', (chunk: Buffer) => {
    text = `${text}${chunk.toString('utf8')}`.slice(-MOST_ERROR_TEXT);
  });
  return () => text.trim();
}

function couldNotTrace(target: readonly string[], said: string): Error {
  const what = target.join(' ').replace(/^-- /, '');
  const hint =
    'Tracing needs the same user, or root; a container needs the capability SYS_PTRACE, and kernel.yama.ptrace_scope may forbid attaching.';
  return new Error(`strace could not trace ${what}${said === '' ? '' : `: ${said}`}. ${hint}`);
}
