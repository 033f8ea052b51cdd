import { accessSync, closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { errorCode, HoldfastError } from '../../errors.js';
import { absolutePath, resolveFile } from '../../os/paths.js';
import { STANDARD_INPUT } from '../process/index.js';
import { printable } from '../text/index.js';

/** The inputs of a command, as they were named. */
export interface Inputs {
  /** `-` is standard input. The others need not exist. */
  readonly files?: readonly string[];
  /** Every file in one of these folders is an input too. */
  readonly folders?: readonly string[];
}

/** A place that a report may be written to. */
export interface OutputPath {
  /** Absolute. Its last component is no symbolic link. */
  readonly path: string;
  /** As it was named. */
  readonly name: string;
  readonly force: boolean;
}

const STANDARD_INPUT_FD = 0;
const STANDARD_OUTPUT_FD = 1;
/**
 * The beginnings by which a report of this package is recognised: a file, printed JSON, a page, and what the programs
 * under bench/ write.
 */
const BEGINNINGS = [
  /^\{\s*"holdfast":\s*"/,
  /^\{\n {2}"schema": \d+,\n {2}"(?:startedAt|bench|logs|findings)": /,
  /^<!doctype html>[\s\S]*?<meta name="generator" content="holdfast">/,
];
const BEGINNING_BYTES = 4_096;

/**
 * The places that reports may be written to. Throws where one may not, before anything runs, and before any file is
 * opened for writing.
 *
 * An output must not be an input of the same command, under any name, nor lie in a folder that is one. It must be a
 * regular file, or not exist yet. A file that exists must be a report, so that a typing error does not cost a log; only
 * this last rule is lifted by `force`.
 */
export function outputPaths(names: readonly string[], inputs: Inputs, force: boolean): OutputPath[] {
  assertStandardOutput(inputs);
  const read = inputIdentities(inputs);
  const taken = new Set<string>();
  return names.map((name) => {
    const output = { path: resolveFile(absolutePath(name)).path, name, force };
    accessSync(dirname(output.path), constants.W_OK | constants.X_OK);
    const identity = identityOf(output.path);
    if (identity !== undefined && read.has(identity)) throw refusal(name, 'this command reads it');
    for (const folder of inputs.folders ?? []) {
      if (liesIn(output.path, folder)) throw refusal(name, `it lies in ${printable(folder)}, which this command reads`);
    }
    if (identity !== undefined && taken.has(identity)) throw refusal(name, 'it would be written twice');
    if (identity !== undefined) taken.add(identity);
    assertReplaceable(output);
    return output;
  });
}

/** Throws where the path has a file that a report must not replace. */
export function assertReplaceable({ path, name, force }: OutputPath): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isFile()) throw refusal(name, 'it is not a regular file');
  if (force || isReport(path)) return;
  throw refusal(name, 'it is there already, and no report of holdfast; --force replaces it');
}

function isReport(path: string): boolean {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const beginning = Buffer.alloc(BEGINNING_BYTES);
    const text = beginning.toString('utf8', 0, readSync(fd, beginning, 0, BEGINNING_BYTES, 0));
    return BEGINNINGS.some((pattern) => pattern.test(text));
  } finally {
    closeSync(fd);
  }
}

function inputIdentities({ files = [], folders = [] }: Inputs): Set<string> {
  const identities = [...files.filter((file) => file !== STANDARD_INPUT), ...folders].map(identityOf);
  // Even where the command does not read standard input: a program that it starts may.
  return new Set([...identities, identityOfDescriptor(STANDARD_INPUT_FD)].filter((identity) => identity !== undefined));
}

/** `holdfast diagnose a.log >> a.log` would read what it writes. */
function assertStandardOutput({ files = [] }: Inputs): void {
  const output = identityOfDescriptor(STANDARD_OUTPUT_FD);
  if (output === undefined) return;
  for (const file of files) {
    const identity = file === STANDARD_INPUT ? identityOfDescriptor(STANDARD_INPUT_FD) : identityOf(file);
    if (identity === output)
      throw refusal('standard output', `it goes to ${printable(file)}, which this command reads`);
  }
}

/**
 * The same text for all names of a file: device and inode, or those of its folder where the file does not exist yet.
 */
function identityOf(name: string): string | undefined {
  try {
    const { path } = resolveFile(absolutePath(name));
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats !== undefined) return identity(stats);
    return `${identity(statSync(dirname(path)))}/${path.slice(path.lastIndexOf('/') + 1)}`;
  } catch {
    // No name of a file, or a file that cannot be reached: to open it will tell.
    return undefined;
  }
}

function identityOfDescriptor(fd: number): string | undefined {
  try {
    const stats = fstatSync(fd);
    return stats.isFile() ? identity(stats) : undefined;
  } catch (error) {
    if (errorCode(error) === 'EBADF') return undefined;
    throw error;
  }
}

function identity({ dev, ino }: Stats): string {
  return `${dev}:${ino}`;
}

function liesIn(path: string, folder: string): boolean {
  const stats = statSync(folder, { throwIfNoEntry: false });
  if (stats === undefined) return false;
  // `..` leads from a folder to its parent, whatever links led to the folder.
  let current = dirname(path);
  for (;;) {
    const here = statSync(current);
    if (identity(here) === identity(stats)) return true;
    const above = `${current}/..`;
    if (identity(statSync(above)) === identity(here)) return false;
    current = above;
  }
}

function refusal(name: string, reason: string): HoldfastError {
  return new HoldfastError('ERR_INVALID_ARGUMENT', `The report cannot go to ${printable(name)}: ${reason}.`);
}
