import { type BigIntStats, closeSync, constants, fstatSync, openSync, statSync } from 'node:fs';
import { errorCode } from '../../errors.js';
import { changeBetween, type EmptyOrigin, type FileState, toMicroseconds, type WatchEvent } from './events.js';

const ABSENT: FileState = { kind: 'absent' };

/**
 * O_PATH of Linux (open(2)), which node:fs does not name: a descriptor that only refers to the inode. To open it needs
 * no right to read, never blocks, and is no access that other programs could see.
 */
const O_PATH = 0o10_000_000;
const TO_KEEP_AN_INODE = process.platform === 'linux' ? O_PATH : constants.O_RDONLY | constants.O_NONBLOCK;

/** A moment at 0 bytes that is not over yet. */
interface OpenMoment {
  readonly origin: EmptyOrigin;
  readonly sinceMs: number;
  /** When the file was last seen with more than 0 bytes. */
  readonly notBeforeMs: number;
}

/**
 * A file that is looked at again and again. The inode that was seen last stays open. Otherwise the system could give
 * its number to the next file as soon as it is replaced, and a new version would seem to be the old one, written in
 * place.
 */
export class WatchedFile {
  readonly path: string;
  readonly #tell: (event: WatchEvent) => void;
  #state: FileState = ABSENT;
  #fd: number | undefined;
  #moment: OpenMoment | undefined;
  #lastLookMs = 0;
  #looks = 0;

  /** `tell` is called with each event when it is seen. */
  constructor(path: string, tell: (event: WatchEvent) => void) {
    this.path = path;
    this.#tell = tell;
  }

  /** How often it was looked at. */
  get looks(): number {
    return this.#looks;
  }

  /** Since when the file has had 0 bytes; `undefined` where it has more, or does not exist. */
  get emptySinceMs(): number | undefined {
    return this.#moment?.sinceMs;
  }

  /** The first look. Throws the system's error where the path cannot be looked at. A missing file is no error. */
  begin(atMs: number): void {
    this.#state = this.#see();
    this.#lastLookMs = atMs;
    const there = this.#state.kind === 'file' ? this.#state : undefined;
    const inode = there === undefined ? null : Number(there.inode);
    this.#tell({ kind: 'begin', path: this.path, atMs, bytes: there?.bytes ?? null, inode });
    if (there?.bytes === 0) this.#moment = { origin: 'before', sinceMs: atMs, notBeforeMs: atMs };
  }

  /** Looks, and reports the differences. True where there are any. */
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

  /** Closes the inode, and reports a moment at 0 bytes that is not over. */
  end(atMs: number): void {
    if (this.#moment !== undefined) this.#tellMoment(this.#moment, atMs, { over: false });
    this.#replaceFd(undefined);
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
      this.#replaceFd(undefined);
      return ABSENT;
    }
    const known = this.#state;
    const isKept = this.#fd !== undefined && known.kind === 'file';
    if (isKept && known.inode === stats.ino && known.device === stats.dev) return stateOf(stats);
    return this.#seeAnother();
  }

  /** Opens the inode first, then asks the descriptor for its state: the path may lead to another file by now. */
  #seeAnother(): FileState {
    let fd: number;
    try {
      fd = openSync(this.path, TO_KEEP_AN_INODE);
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
      this.#replaceFd(undefined);
      return ABSENT;
    }
    this.#replaceFd(fd);
    const stats = fstatSync(fd, { bigint: true });
    if (!stats.isFile()) {
      this.#replaceFd(undefined);
      return ABSENT;
    }
    return stateOf(stats);
  }

  #replaceFd(fd: number | undefined): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = fd;
  }
}

function stateOf({ dev, ino, size, mtimeNs }: BigIntStats): FileState {
  return { kind: 'file', device: dev, inode: ino, bytes: Number(size), modifiedNs: mtimeNs };
}

/** `undefined` where there is no regular file. */
function statOf(path: string): BigIntStats | undefined {
  try {
    const stats = statSync(path, { throwIfNoEntry: false, bigint: true });
    return stats?.isFile() ? stats : undefined;
  } catch (error) {
    if (errorCode(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}
