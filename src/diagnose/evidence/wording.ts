import type { Process, Truncation } from '../world/index.js';

/** The sentences of a report. */

/** `process 4242 (/usr/bin/php)`. */
export function processName({ pid, program }: Process): string {
  const name = pid === 0 ? 'the process (the log does not tell its id)' : `process ${pid}`;
  return program === undefined ? name : `${name} (${printablePath(program)})`;
}

export function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

/** A path, or a call, as a part of a sentence, without unprintable characters. */
export function printablePath(path: string): string {
  return path.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16) ?? ''}}`,
  );
}

export function bytes(count: number): string {
  return Number.isNaN(count)
    ? 'an unknown number of bytes'
    : count === 1
      ? '1 byte'
      : `${count.toLocaleString('en-US')} bytes`;
}

/** `emptied it (line 12)`. */
export function shortened({ newSize, mark }: Truncation): string {
  return newSize === 0 ? `emptied it (line ${mark.line})` : `cut it to ${bytes(newSize)} (line ${mark.line})`;
}

/** The advice for the readers and the writers of a file. */
export const ADVICE = {
  writer: (sidecar: string) =>
    `Let the writer publish: write a new file beside this one and rename it into its place (holdfast: writeFile, updateFile). Where it must stay the same file, let the writer hold an exclusive flock on ${sidecar} from before it opens the file until after it has written it, and every reader a shared one (strategy 'flock').`,
  reader: (sidecar: string) =>
    `Let this call hold a shared flock on ${sidecar} from before it opens the file until it has done with its bytes (holdfast: readFile, mapFile), or let all writers publish with rename, so that readers need no lock.`,
  unlockedWriter: (sidecar: string) =>
    `Let this call hold an exclusive flock on ${sidecar} from before it opens the file until it has written it (holdfast: updateFile, or writeFile, with strategy 'flock').`,
  late: (sidecar: string) =>
    `Open without O_TRUNC, or open and lock ${sidecar} first; truncate, if at all, once the exclusive lock is held (holdfast: writeFile, updateFile).`,
  unlinked: (sidecar: string) =>
    `Do not remove ${sidecar} while anybody may use it. Where it must go, only the holder of its exclusive lock may remove it, and whoever locks it must check afterwards that what it locked still stands at that path (holdfast does).`,
  searchCulprit: (path: string) =>
    `Trace whoever else may write it, all at once: holdfast diagnose --pid <each of them>; or let the kernel log who opens it: auditctl -w ${path} -p wa, then holdfast diagnose /var/log/audit/audit.log. If nobody does: SIGBUS also comes from a full disk under a mapped hole and from I/O errors (dmesg).`,
  searchMapping:
    'Trace the process from its start, or attach with holdfast diagnose --pid, which looks up what is mapped already; the log must hold open, openat, mmap, munmap and the truncating calls.',
} as const;
