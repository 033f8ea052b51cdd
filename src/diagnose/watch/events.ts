/** What a path led to at one moment. */
export type FileState =
  | { readonly kind: 'absent' }
  /** `inode` is told apart by device and number; both stay the file's own for as long as it is watched. */
  | {
      readonly kind: 'file';
      readonly device: bigint;
      readonly inode: bigint;
      readonly bytes: number;
      /** Time of modification, in nanoseconds since 1970. */
      readonly modifiedNs: bigint;
    };

interface EventOf<Kind extends string> {
  readonly kind: Kind;
  readonly path: string;
  /** Milliseconds since the watch began. */
  readonly atMs: number;
}

/** The first look. `bytes` is `null` where there is no file. */
export interface BeginEvent extends EventOf<'begin'> {
  readonly bytes: number | null;
  readonly inode: number | null;
}

/** The length of an inode changed, that others may have open: the file is written in place. */
export interface ResizedEvent extends EventOf<'resized'> {
  readonly from: number;
  readonly to: number;
}

/**
 * The inode and its length are the same, and its time of modification is not: it was written in place. Whether it was shorter in between
 * no look has seen.
 */
export interface RewrittenEvent extends EventOf<'rewritten'> {
  readonly bytes: number;
}

/** Another inode stands at the path: a new version was put there in one step, or the file was removed and made anew. */
export interface PublishedEvent extends EventOf<'published'> {
  readonly from: number;
  readonly to: number;
  readonly inode: number;
}

/** A file stands where there was none. */
export interface AppearedEvent extends EventOf<'appeared'> {
  readonly to: number;
  readonly inode: number;
}

/** No regular file stands at the path any more. */
export interface VanishedEvent extends EventOf<'vanished'> {
  readonly from: number;
}

/**
 * How a file came to have 0 bytes: the length of its inode was cut; an empty file was put or made at its path; or it had none when the
 * watch began.
 */
export type EmptyOrigin = 'truncated' | 'created' | 'before';

/** A moment at 0 bytes, told when it is over. `atMs` is its beginning. */
export interface EmptyEvent extends EventOf<'empty'> {
  readonly origin: EmptyOrigin;
  /** From the first look that saw 0 bytes to the first that did not. */
  readonly durationMs: number;
  /** It cannot have been longer: from the last look before to the first one after. */
  readonly mostMs: number;
  /** False where the watch ended while the file was still empty. */
  readonly over: boolean;
}

/** What a watch sees, in the order in which it saw it. */
export type WatchEvent =
  | BeginEvent
  | ResizedEvent
  | RewrittenEvent
  | PublishedEvent
  | AppearedEvent
  | VanishedEvent
  | EmptyEvent;

/** What lies between two looks at a path. What changed more than once in between shows as one change. */
export function changeBetween(
  before: FileState,
  now: FileState,
  path: string,
  atMs: number,
): Exclude<WatchEvent, BeginEvent | EmptyEvent> | undefined {
  if (now.kind === 'absent') {
    return before.kind === 'absent' ? undefined : { kind: 'vanished', path, atMs, from: before.bytes };
  }
  const { bytes: to } = now;
  const inode = Number(now.inode);
  if (before.kind === 'absent') return { kind: 'appeared', path, atMs, to, inode };
  const { bytes: from } = before;
  if (before.inode !== now.inode || before.device !== now.device) {
    return { kind: 'published', path, atMs, from, to, inode };
  }
  if (from !== to) return { kind: 'resized', path, atMs, from, to };
  return before.modifiedNs === now.modifiedNs ? undefined : { kind: 'rewritten', path, atMs, bytes: to };
}

/** What is printed of a time in milliseconds; a look takes longer than a microsecond. */
export function toMicroseconds(milliseconds: number): number {
  return Math.round(milliseconds * 1_000) / 1_000;
}
