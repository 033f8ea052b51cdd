import { readdirSync, readFileSync } from 'node:fs';

/** The processes that a process started, as /proc tells. Linux only. */
export function childrenOf(pid: number): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((child) => statOf(child)?.parent === pid);
}

/** Whether no such process runs any more; one that waits to be reaped by whoever adopted it does not. */
export function isGone(pid: number): boolean {
  return (statOf(pid)?.state ?? 'Z') === 'Z';
}

/** `4242 (node) S 4200 ...`; the name may hold anything (proc_pid_stat(5)). */
function statOf(pid: number): { state: string; parent: number } | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  const [state = '', parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { state, parent: Number(parent) };
}
