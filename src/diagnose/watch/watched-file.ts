import { type BigIntStats, closeSync, constants, fstatSync, openSync, statSync } from 'node:fs';
import { errorCode } from '../../errors.js';
import { changeBetween, type EmptyOrigin, type FileState, toMicroseconds, type WatchEvent } from './events.js';

const ABSENT: FileState = { kind: 'absent' };

/**
 * O_PATH of Linux (open(2)), which node:fs does not name: a descriptor that only keeps the inode. It needs no right to read, waits for
 * nobody, and is no access that others could see.
 */
const O_PATH = 0o10_000_000;
const TO_KEEP_AN_INODE = process.platform === 'linux' ? O_PATH : constants.O_RDONLY | constants.O_NONBLOCK;

/** A moment at 0 bytes that is not over yet. */
interface OpenMoment {
  readonly origin: EmptyOrigin;
  readonly sinceMs: number;
  /** When the file was last seen with other than 0 bytes. */
  readonly notBeforeMs: number;
}

/**
 * One file that is looked at over and over.
 *
 * The inode that was seen last is kept open. Else its number could be given to the next file as soon as it is replaced, and a new version
 * would pass for the old one rewritten in place.
 */
export class WatchedFile {
  readonly path: string;
  readonly #tell: (event: WatchEvent) => void;
  #state: FileState = ABSENT;
  #keptFd: number | undefined;
  #moment: OpenMoment | undefined;
  #lastLookMs = 0;
  #looks = 0;

  /** `tell` hears each event as it is seen. */
  constructor(path: string, tell: (event: WatchEvent) => void) {
    this.path = path;
    this.#tell = tell;
  }

  /** How often it was looked at. */
  get looks(): number {
    return this.#looks;
  }

  /** Since when the file has 0 bytes; `undefined` where it has others, or is not there. */
  get emptySinceMs(): number | undefined {
    return this.#moment?.sinceMs;
  }

  /** The first look. Throws the system's error where the path cannot be looked at; that there is nothing is none. */
  begin(atMs: number): void {
    this.#state = this.#see();
    this.#lastLookMs = atMs;
    const there = this.#state.kind === 'file' ? this.#state : undefined;
    const inode = there === undefined ? null : Number(there.inode);
    this.#tell({ kind: 'begin', path: this.path, atMs, bytes: there?.bytes ?? null, inode });
    if (there?.bytes === 0) this.#moment = { origin: 'before', sinceMs: atMs, notBeforeMs: atMs };
  }

  /** Looks, and tells what is different. True where something is. */
  look(atMs: number): boolean {
    const now = this.#see();
    const change = changeBetween(this.#state, now, this.path, atMs);
    if (change !== undefined) {
      this.#state = now;
      this.#tell(change);
      this.#followEmptiness(now, change.kind === 'resized' ? 'truncated' : 'created', atMs);
    }
    this.#lastLookMs = atMs;
    return change !== undefined;
  }

  /** Gives up the inode, and tells of a moment at 0 bytes that is not over. */
  end(atMs: number): void {
    if (this.#moment !== undefined) this.#tellMoment(this.#moment, atMs, { over: false });
    this.#keep(undefined);
  }

  #followEmptiness(now: FileState, origin: EmptyOrigin, atMs: number): void {
    const isEmpty = now.kind === 'file' && now.bytes === 0;
    // Another inode with 0 bytes after one with 0 bytes: for a reader it is the same moment.
    if (isEmpty) this.#moment ??= { origin, sinceMs: atMs, notBeforeMs: this.#lastLookMs };
    else if (this.#moment !== undefined) this.#tellMoment(this.#moment, atMs, { over: true });
  }

  #tellMoment({ origin, sinceMs, notBeforeMs }: OpenMoment, atMs: number, { over }: { over: boolean }): void {
    this.#moment = undefined;
    const { path } = this;
    const durationMs = toMicroseconds(atMs - sinceMs);
    const mostMs = toMicroseconds(atMs - notBeforeMs);
    this.#tell({ kind: 'empty', path, atMs: sinceMs, origin, durationMs, mostMs, over });
  }

  #see(): FileState {
    this.#looks += 1;
    const stats = statOf(this.path);
    if (stats === undefined) {
      this.#keep(undefined);
      return ABSENT;
    }
    const known = this.#state;
    const isKept = this.#keptFd !== undefined && known.kind === 'file';
    if (isKept && known.inode === stats.ino && known.device === stats.dev) return stateOf(stats);
    return this.#seeAnother();
  }

  /** Keeps the inode first, and believes only what the descriptor says: the path may lead elsewhere again by now. */
  #seeAnother(): FileState {
    let fd: number;
    try {
      fd = openSync(this.path, TO_KEEP_AN_INODE);
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
      this.#keep(undefined);
      return ABSENT;
    }
    this.#keep(fd);
    const stats = fstatSync(fd, { bigint: true });
    if (!stats.isFile()) {
      this.#keep(undefined);
      return ABSENT;
    }
    return stateOf(stats);
  }

  #keep(fd: number | undefined): void {
    if (this.#keptFd !== undefined) closeSync(this.#keptFd);
    this.#keptFd = fd;
  }
}

function stateOf({ dev, ino, size, mtimeNs }: BigIntStats): FileState {
  return { kind: 'file', device: dev, inode: ino, bytes: Number(size), modifiedNs: mtimeNs };
}

/** `undefined` where no regular file is. */
function statOf(path: string): BigIntStats | undefined {
  try {
    const stats = statSync(path, { throwIfNoEntry: false, bigint: true });
    return stats?.isFile() ? stats : undefined;
  } catch (error) {
    if (errorCode(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}
