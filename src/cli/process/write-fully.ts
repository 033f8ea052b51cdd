import { writeSync } from 'node:fs';

/** Writes every byte, or throws. On a disk that is nearly full, a write may take only a part. */
export function writeFully(fd: number, bytes: Buffer): void {
  for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written);
}
