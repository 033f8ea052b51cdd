import { constants } from 'node:buffer';
import { HoldfastError, type HoldfastErrorDetails } from '../errors.js';
import { LONGEST_TRANSFER, syscalls } from './syscalls.js';

/*
 * Reading and writing of any length. read(2) and write(2) may stop short, and are never asked for more than
 * LONGEST_TRANSFER: so a transfer is made of as many calls as it takes. The layers above read and write through these
 * functions.
 */

/**
 * Fills `bytes` (its range `from` to `to`) from the file, beginning at `position`. Returns how many bytes were read:
 * fewer than asked for means that the file ended. A caller that was promised more checks that, with `assertAll` or by a
 * checksum.
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
 * Throws `EIO` where a file had fewer bytes than its length promised: a program without the lock has truncated it while
 * it was read.
 */
export function assertAll(count: number, promised: number): void {
  if (count === promised) return;
  throw failed('read', `the file ended after ${count} of ${promised} bytes`);
}

/** Memory for so many bytes. Throws `ERR_VALUE_TOO_LARGE` where no Buffer can be that long, or memory is short. */
export function bufferFor(length: number, path?: string): Buffer {
  assertHoldable(length, path);
  try {
    return Buffer.allocUnsafeSlow(length);
  } catch (cause) {
    throw tooLarge(length, 'there is no memory for them', { ...at(path), cause });
  }
}

/**
 * Throws `ERR_VALUE_TOO_LARGE` where no Buffer can be so long: beyond 4 GiB on Node 20; later versions have no such
 * limit.
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

/** Throws where a write has written nothing and told no error: it would be tried for ever. */
function progress(count: number): number {
  if (count > 0) return count;
  throw failed('write', 'write wrote nothing');
}

function failed(syscall: string, what: string): Error {
  return Object.assign(new Error(`EIO: ${what}, ${syscall}`), { code: 'EIO', syscall });
}
