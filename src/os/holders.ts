import { readFileSync, statSync } from 'node:fs';

/** `7: FLOCK  ADVISORY  WRITE 4242 fd:01:131 0 EOF`. A line with `->` is a process that waits (proc_locks(5)). */
const LINE = /^\d+: FLOCK\s+\S+\s+\S+\s+(\d+)\s+[0-9a-f]+:[0-9a-f]+:(\d+) /;

/**
 * The processes that hold flock(2) on a file, from /proc/locks. Best effort, for messages: empty where there is no
 * /proc, and without the holders in other pid namespaces. Only inodes are compared: on some file systems the device
 * numbers there are not those of stat(2).
 */
export function flockHolders(path: string): number[] {
  try {
    const inode = String(statSync(path).ino);
    const holders = new Set<number>();
    for (const line of readFileSync('/proc/locks', 'latin1').split('\n')) {
      const match = LINE.exec(line);
      if (match?.[2] === inode && match[1] !== '0') holders.add(Number(match[1]));
    }
    return [...holders];
  } catch {
    return [];
  }
}
