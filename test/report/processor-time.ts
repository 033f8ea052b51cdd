import { readFileSync } from 'node:fs';

/** Linux counts these times in ticks of 10 ms, on every architecture that Node runs on (USER_HZ). */
const TICKS_PER_SECOND = 100;

/**
 * Seconds of processor time, user and system, that this process has used, with all of its children that have been waited for and
 * theirs. Time on the clock says how busy the machine was; this says what the tests cost. Without `/proc` the children are missing.
 */
export function processorSeconds(): number {
  let stat: string;
  try {
    stat = readFileSync('/proc/self/stat', 'utf8');
  } catch {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  }
  // The second field is the name of the program in brackets, and may hold anything; see proc_pid_stat(5).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [utime, stime, cutime, cstime] = fields.slice(11, 15).map(Number);
  return ((utime ?? 0) + (stime ?? 0) + (cutime ?? 0) + (cstime ?? 0)) / TICKS_PER_SECOND;
}
