import { readFileSync } from 'node:fs';

/** The owner of whatever belongs to no user of this user namespace (user_namespaces(7)). */
const OVERFLOW_USER = 65_534;

let isNobodyMapped: boolean | undefined;

/**
 * Whether a file of this owner belongs to somebody outside the user namespace, as the folders around a rootless container do. No user
 * inside can be that one. False where 65534 is a user like any other.
 */
export function isUnmappedUser(uid: number): boolean {
  if (uid !== OVERFLOW_USER) return false;
  isNobodyMapped ??= isMapped(OVERFLOW_USER);
  return !isNobodyMapped;
}

/** Each line: first user inside, first user outside, how many. */
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
