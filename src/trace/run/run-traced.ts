import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { constants } from 'node:os';
import { extname } from 'node:path';
import { errorCode, HoldfastError } from '../../errors.js';
import { DIRECTORY_MODE, settingsFrom, tracedEnvironment } from '../record/index.js';

/** Files that Node itself runs. Anything else is a command. */
const SCRIPTS = new Set(['.js', '.mjs', '.cjs', '.ts', '.mts', '.cts']);
/** Signals that are passed on to the program, which decides what to do. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface TracedRun {
  /** The exit status of the program; 128 plus the number of the signal that ended it, as in a shell. */
  readonly exitStatus: number;
  readonly signal: NodeJS.Signals | undefined;
  /** The folder with the logs. */
  readonly directory: string;
}

/**
 * Runs a program with the trace in it, and in every Node process that it starts. The program uses the standard streams
 * of this process. A script is run by this Node, anything else as a command.
 *
 * Without a `directory` the logs go to `holdfast-trace`, which must not hold those of an earlier run: the report would
 * take them for one. Rejects with `ERR_INVALID_ARGUMENT`, or with the system's error where the command cannot be
 * started.
 */
export async function runTraced(
  command: readonly string[],
  files: readonly string[],
  directory: string | undefined,
): Promise<TracedRun> {
  const settings = settingsFrom(files, directory);
  if (directory === undefined) assertNoLogs(settings.directory);
  // Checked here, so that the program does not run for an hour without a trace.
  mkdirSync(settings.directory, { recursive: true, mode: DIRECTORY_MODE });
  const [program, args] = isScript(command[0]) ? [process.execPath, command] : [command[0] ?? '', command.slice(1)];
  const child = spawn(program, args, { stdio: 'inherit', env: tracedEnvironment(settings, process.env) });
  const handOn = (signal: NodeJS.Signals) => {
    // A terminal has sent its Ctrl-C to the program too.
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
  };
  for (const signal of SIGNALS) process.on(signal, handOn);
  try {
    const { status, signal } = await new Promise<{ status: number | null; signal: NodeJS.Signals | null }>(
      (resolve, reject) => {
        child.once('error', reject);
        child.once('exit', (status, signal) => resolve({ status, signal }));
      },
    );
    const exitStatus = status ?? 128 + (signal === null ? 0 : constants.signals[signal]);
    return { exitStatus, signal: signal ?? undefined, directory: settings.directory };
  } finally {
    for (const signal of SIGNALS) process.off(signal, handOn);
  }
}

function isScript(name: string | undefined): boolean {
  return name !== undefined && SCRIPTS.has(extname(name)) && existsSync(name);
}

function assertNoLogs(directory: string): void {
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return;
    throw error;
  }
  if (names.length === 0) return;
  throw new HoldfastError(
    'ERR_INVALID_ARGUMENT',
    `${directory} holds something already, an earlier trace perhaps: remove it, or name a directory with --directory to have both in one report.`,
    { path: directory },
  );
}
