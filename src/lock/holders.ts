import { flockHolders } from '../os/holders.js';

/** The holders of a lock, for the message of a timeout: from the kernel's own list, where it can be read. */
export function describeHolders(sidecarPath: string): string {
  const pids = flockHolders(sidecarPath).filter((pid) => pid !== process.pid);
  if (pids.length === 0) return 'another process holds it';
  return `held by process ${pids.join(', ')}`;
}
