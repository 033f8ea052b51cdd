import { randomFillSync } from 'node:crypto';

const VERSIONS = 512;
const versions = new BigUint64Array(VERSIONS);
let nextVersion = VERSIONS;

/** 64 random bits. They are drawn 512 numbers at a time, since one number costs as much as hundreds. */
export function randomVersion(): bigint {
  if (nextVersion === VERSIONS) {
    randomFillSync(versions);
    nextVersion = 0;
  }
  const version = versions[nextVersion] ?? 0n;
  nextVersion += 1;
  return version;
}
