import { readFileSync } from 'node:fs';

/** The owner that files have whose true owner is no user of this user namespace (user_namespaces(7)). */
const OVERFLOW_USER = 65_534;

let isNobodyMapped: boolean | undefined;

/**
 * Whether the owner of a file is outside the user namespace, as with the folders around a rootless container: no
 * process inside can run as that user. False where 65534 is an ordinary user of the namespace.
 */
export function isUnmappedUser(uid: number): boolean {
  if (uid !== OVERFLOW_USER) return false;
  isNobodyMapped ??= isMapped(OVERFLOW_USER);
  return !isNobodyMapped;
}

/** Whether the namespace has this user. A line of uid_map: first user inside, first user outside, how many. */
function isMapped(uid: number): boolean {
  try {
    const ranges = readFileSync('/proc/self/uid_map', 'utf8').trim().split('\n');
    return ranges.some((range) => {
      const [first = 0, , count = 0] = range.trim().split(/\s+/).map(Number);
      return uid >= first && uid < first + count;
    });
  } catch {
    return true;
  }
}
