import { constants } from 'node:buffer';
import { HoldfastError, type HoldfastErrorDetails } from '../errors.js';
import { LONGEST_TRANSFER, syscalls } from './syscalls.js';

/*
 * Moving more bytes than one system call moves. read(2) and write(2) may stop short without saying so, and are never
 * asked for more than LONGEST_TRANSFER: so a length of any size is made of steps that are exact. Every layer above
 * reads and writes through these.
 */

/**
 * Fills `bytes` (the range `from` to `to` of it) with what the file has at `position`, as far as the file reaches;
 * gives how many bytes that were. Fewer than asked for means that the file ended: who was promised more says so
 * (`assertAll`), or finds it by a checksum.
 */
export function readFully(fd: number, bytes: Buffer, position: number, from = 0, to = bytes.length): number {
  let done = from;
  while (done < to) {
    const length = Math.min(LONGEST_TRANSFER, to - done);
    const count = syscalls.read(fd, bytes, done, length, position + done - from);
    if (count === 0) break;
    done += count;
  }
  return done - from;
}

/** The same through the thread pool. */
export async function readFullyAsync(
  fd: number,
  bytes: Buffer,
  position: number,
  from = 0,
  to = bytes.length,
): Promise<number> {
  let done = from;
  while (done < to) {
    const length = Math.min(LONGEST_TRANSFER, to - done);
    const count = await syscalls.readAsync(fd, bytes, done, length, position + done - from);
    if (count === 0) break;
    done += count;
  }
  return done - from;
}

/** Writes every byte of `bytes` (of its range `from` to `to`) at `position`. */
export function writeFully(fd: number, bytes: Buffer, position: number, from = 0, to = bytes.length): void {
  for (let done = from; done < to; ) {
    const length = Math.min(LONGEST_TRANSFER, to - done);
    done += progress(syscalls.write(fd, bytes, done, length, position + done - from));
  }
}

/** The same through the thread pool. */
export async function writeFullyAsync(
  fd: number,
  bytes: Buffer,
  position: number,
  from = 0,
  to = bytes.length,
): Promise<void> {
  for (let done = from; done < to; ) {
    const length = Math.min(LONGEST_TRANSFER, to - done);
    done += progress(await syscalls.writeAsync(fd, bytes, done, length, position + done - from));
  }
}

/**
 * Throws `EIO` where a file had fewer bytes than its length promised: somebody has cut it, without a lock, while it was
 * read.
 */
export function assertAll(count: number, promised: number): void {
  if (count === promised) return;
  throw failed('read', `the file ended after ${count} of ${promised} bytes`);
}

/**
 * Memory for so many bytes. `ERR_VALUE_TOO_LARGE` where there is no Buffer of that length here, or not enough memory.
 */
export function bufferFor(length: number, path?: string): Buffer {
  assertHoldable(length, path);
  try {
    return Buffer.allocUnsafeSlow(length);
  } catch (cause) {
    throw tooLarge(length, 'there is no memory for them', { ...at(path), cause });
  }
}

/**
 * Throws `ERR_VALUE_TOO_LARGE` where no Buffer of this Node can be so long: beyond 4 GiB on Node 20; later ones know no
 * such limit.
 */
export function assertHoldable(length: number, path?: string): void {
  if (length <= constants.MAX_LENGTH) return;
  throw tooLarge(length, `a Buffer of this Node holds at most ${constants.MAX_LENGTH}`, at(path));
}

function tooLarge(length: number, reason: string, details: HoldfastErrorDetails): HoldfastError {
  const message = `${details.path ?? 'The file'} has ${length} bytes, and ${reason}.`;
  return new HoldfastError('ERR_VALUE_TOO_LARGE', message, details);
}

function at(path: string | undefined): HoldfastErrorDetails {
  return path === undefined ? {} : { path };
}

/** A write that wrote nothing and gave no error would be tried for ever. */
function progress(count: number): number {
  if (count > 0) return count;
  throw failed('write', 'write wrote nothing');
}

function failed(syscall: string, what: string): Error {
  return Object.assign(new Error(`EIO: ${what}, ${syscall}`), { code: 'EIO', syscall });
}
