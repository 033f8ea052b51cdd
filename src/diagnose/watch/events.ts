/** The state of a path at one moment. */
export type FileState =
  | { readonly kind: 'absent' }
  /** `device` and `inode` identify the file; while it is watched, no other file gets them. */
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

/** The length of the same inode changed: the file is written in place, and readers may have it open. */
export interface ResizedEvent extends EventOf<'resized'> {
  readonly from: number;
  readonly to: number;
}

/**
 * The inode and its length are the same, and its time of modification is not: it was written in place. No look has seen
 * whether it was shorter in between.
 */
export interface RewrittenEvent extends EventOf<'rewritten'> {
  readonly bytes: number;
}

/** The path has another inode: a new version was published, or the file was removed and made anew. */
export interface PublishedEvent extends EventOf<'published'> {
  readonly from: number;
  readonly to: number;
  readonly inode: number;
}

/** The path has a file, and had none. */
export interface AppearedEvent extends EventOf<'appeared'> {
  readonly to: number;
  readonly inode: number;
}

/** The path has no regular file any more. */
export interface VanishedEvent extends EventOf<'vanished'> {
  readonly from: number;
}

/**
 * How a file came to have 0 bytes: its inode was truncated; an empty file was published or made at its path; or it was
 * empty when the watch began.
 */
export type EmptyOrigin = 'truncated' | 'created' | 'before';

/** A moment at 0 bytes, reported when it is over. `atMs` is its beginning. */
export interface EmptyEvent extends EventOf<'empty'> {
  readonly origin: EmptyOrigin;
  /** From the first look that saw 0 bytes to the first that did not. */
  readonly durationMs: number;
  /** The upper bound of its duration: from the last look before to the first one after. */
  readonly mostMs: number;
  /** False where the watch ended while the file was still empty. */
  readonly over: boolean;
}

/** The events of a watch, in the order in which it saw them. */
export type WatchEvent =
  | BeginEvent
  | ResizedEvent
  | RewrittenEvent
  | PublishedEvent
  | AppearedEvent
  | VanishedEvent
  | EmptyEvent;

/** The changes between two looks at a path. Several changes of one kind show as one. */
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

/** A time in milliseconds, rounded to microseconds; a look takes longer than one. */
export function toMicroseconds(milliseconds: number): number {
  return Math.round(milliseconds * 1_000) / 1_000;
}
