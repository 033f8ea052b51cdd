import { readdirSync, readlinkSync } from 'node:fs';

/** The files that this process has open below a folder, as /proc tells. The descriptor used to look is not among them. */
export function openFilesIn(folder: string): string[] {
  return readdirSync('/proc/self/fd')
    .map(targetOf)
    .filter((target) => target.startsWith(`${folder}/`));
}

function targetOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return '';
  }
}
