import { constants } from 'node:fs';

const { O_APPEND, O_CREAT, O_EXCL, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } = constants;

const ACCESS: Record<string, number> = {
  r: O_RDONLY,
  w: O_WRONLY | O_CREAT | O_TRUNC,
  a: O_WRONLY | O_CREAT | O_APPEND,
};

/** The meaning of the flags of an open for the content of the file. */
export interface OpenIntent {
  readonly writes: boolean;
  readonly appends: boolean;
  readonly truncates: boolean;
  readonly creates: boolean;
  /** The open fails where the file exists. */
  readonly exclusive: boolean;
}

/** Parses flags as node:fs does: `'r+'`, `'wx'`, or a number. `undefined` for flags that node:fs will refuse. */
export function openIntent(flags: unknown): OpenIntent | undefined {
  const bits = typeof flags === 'number' ? flags : typeof flags === 'string' ? bitsOf(flags) : undefined;
  if (bits === undefined) return undefined;
  return {
    writes: (bits & (O_WRONLY | O_RDWR)) !== 0,
    appends: (bits & O_APPEND) !== 0,
    truncates: (bits & O_TRUNC) !== 0,
    creates: (bits & O_CREAT) !== 0,
    exclusive: (bits & O_EXCL) !== 0,
  };
}

/** `x` is exclusive, `s` synchronous, `+` reads and writes. They stand in any order before or after the letter. */
function bitsOf(flags: string): number | undefined {
  const access = ACCESS[flags.replace(/[+xs]/g, '')];
  if (access === undefined) return undefined;
  const readsAndWrites = flags.includes('+') ? (access & ~O_WRONLY) | O_RDWR : access;
  return flags.includes('x') ? readsAndWrites | O_EXCL : readsAndWrites;
}
