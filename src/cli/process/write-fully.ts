import { writeSync } from 'node:fs';

/** Writes every byte, or throws: the last bytes of a full disk take a part of what they are given. */
export function writeFully(fd: number, bytes: Buffer): void {
  for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written);
}
