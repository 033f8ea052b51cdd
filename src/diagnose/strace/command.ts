import { CALLS } from './calls.js';

/** Calls that only tell which process a log is about. With `-f` strace tells that itself. */
const NEEDLESS = new Set(['getpid', 'gettid', 'set_tid_address', 'exit']);

/**
 * The arguments with which strace writes what `diagnose` needs, and little else: calls on files, descriptors, mappings
 * and processes, SIGBUS, paths of descriptors, times; and of the data that is read and written only the beginning. `?`
 * marks calls that some architectures lack.
 */
export function straceArguments(outputPath: string, version: StraceVersion): string[] {
  const calls = Object.keys(CALLS).filter((name) => !NEEDLESS.has(name));
  const atLeast = (major: number, minor: number) =>
    version.major > major || (version.major === major && version.minor >= minor);
  return [
    '-f',
    '-ttt',
    '-y',
    '-s',
    '16',
    '-e',
    `trace=${calls.map((name) => `?${name}`).join(',')}`,
    '-e',
    'signal=SIGBUS',
    // Fatal signals end strace at once, and the command that it started.
    '-I',
    '2',
    ...(atLeast(5, 3) ? ['--seccomp-bpf'] : []),
    '-o',
    outputPath,
  ];
}

export interface StraceVersion {
  readonly major: number;
  readonly minor: number;
}

/** `strace -- version 6.1`. */
export function parseStraceVersion(text: string): StraceVersion {
  const [, major = '0', minor = '0'] = /version (\d+)\.(\d+)/.exec(text) ?? [];
  return { major: Number(major), minor: Number(minor) };
}

/** The message where strace is missing. */
export const HOW_TO_GET_STRACE =
  'strace is not on the PATH. Install it (Debian, Ubuntu: apt-get install strace; Fedora, RHEL: dnf install strace; Alpine: apk add strace; ' +
  'Arch: pacman -S strace), or make a log on a machine that has it and give that: strace -f -ttt -y -o trace.log CMD; holdfast diagnose trace.log';
