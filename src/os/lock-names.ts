import { createHash } from 'node:crypto';
import { HoldfastError } from '../errors.js';

/*
 * The names of the two files that a lock needs beside a data file. The sidecar `<path>.lock` is also locked by programs
 * in other languages, so it has this name, or there is no lock. Only holdfast uses the turnstile: where its usual name
 * would be longer than a name can be, it has another one.
 */

/** In bytes: NAME_MAX of Linux, whatever the file system; some allow less (pathname(7)). */
const LONGEST_NAME = 255;
/** PATH_MAX, less the zero at its end. */
const LONGEST_PATH = 4095;

/** The sidecar of a data file. */
export function sidecarPath(dataPath: string): string {
  return `${dataPath}.lock`;
}

/** The turnstile of a sidecar. Every process computes the same name. */
export function turnstilePath(sidecar: string): string {
  const path = `${sidecar}.next`;
  if (fits(path)) return path;
  const digest = createHash('sha256').update(nameOf(sidecar)).digest('hex').slice(0, 32);
  return `${sidecar.slice(0, -nameOf(sidecar).length)}.holdfast-${digest}.lock.next`;
}

/** Throws `ERR_INVALID_ARGUMENT` where the data file's name with this suffix would be too long. */
export function assertRoomFor(suffix: string, dataPath: string): void {
  if (!fits(`${dataPath}${suffix}`)) throw nameTooLong(dataPath, `${dataPath}${suffix}`);
}

/** The error for a data file whose name is too long for the files beside it. */
export function nameTooLong(dataPath: string, path: string, cause?: unknown): HoldfastError {
  const [name, whole] = [Buffer.byteLength(nameOf(path)), Buffer.byteLength(path)];
  const message = `The name of ${dataPath} is too long: a file beside it would have a name of ${name} bytes and a path of ${whole}; here can be ${LONGEST_NAME} and ${LONGEST_PATH} at most, on some file systems less.`;
  return new HoldfastError('ERR_INVALID_ARGUMENT', message, { path: dataPath, cause });
}

function fits(path: string): boolean {
  return Buffer.byteLength(nameOf(path)) <= LONGEST_NAME && Buffer.byteLength(path) <= LONGEST_PATH;
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
