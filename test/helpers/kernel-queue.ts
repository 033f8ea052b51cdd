import { readFileSync, statSync } from 'node:fs';

/** Whether somebody waits in a blocking flock(2) for this file, as /proc/locks tells. Ours never do; PHP, Python and flock(1) do. */
export function someoneBlocksOn(path: string): boolean {
  const { ino } = statSync(path);
  return readFileSync('/proc/locks', 'utf8')
    .split('\n')
    .some((line) => line.includes('-> FLOCK') && line.includes(`:${ino} `));
}
