import { dirname, resolve, sep } from 'node:path';
import picomatch from 'picomatch';
import { isUrl, pathOfUrl } from '../../os/realms.js';
import { monotonicNow } from '../../os/timers.js';
import { original } from '../seam/index.js';

/** What a path argument refers to, where it is watched: a data file, or the sidecar of one. */
export interface Watched {
  readonly kind: 'data' | 'sidecar';
  /** With symbolic links followed, so that a file has one name. */
  readonly path: string;
}

interface Known {
  readonly watched: Watched | undefined;
  readonly until: number;
}

const SIDECAR = '.lock';
/** The turnstile of a lock; see lock/turnstile.ts. */
const TURNSTILE = '.lock.next';
/** The entries of a FileCache: they have other locks, one for each shard, and a protocol of their own. */
const CACHE_ENTRY = /\/v1\/(?:era|ended)-[^/]*(?:\/|$)/;

/** How long the target of a path is remembered: a link may change while the program runs. */
const KNOWN_FOR_MS = 1_000;
const MAXIMUM_KNOWN = 10_000;

/** The files to watch. It is asked at every call of node:fs, so it remembers its answers. */
export class WatchList {
  readonly #matches: (path: string) => boolean;
  readonly #now: () => number;
  readonly #known = new Map<string, Known>();

  /** @param patterns globs of absolute paths; `*` matches names that begin with a dot too */
  constructor(patterns: readonly string[], now: () => number = monotonicNow) {
    this.#matches = picomatch([...patterns], { dot: true });
    this.#now = now;
  }

  /**
   * The watched file that a path argument of node:fs refers to. `undefined` for any other argument; node:fs will refuse
   * a wrong one.
   */
  watched(argument: unknown): Watched | undefined {
    const text = typeof argument === 'string' ? argument : pathText(argument);
    if (text === undefined || text === '') return undefined;
    const path = text.startsWith(sep) ? text : `${process.cwd()}/${text}`;
    const now = this.#now();
    const known = this.#known.get(path);
    if (known !== undefined && now < known.until) return known.watched;
    const watched = this.#classify(path);
    if (this.#known.size >= MAXIMUM_KNOWN) this.#known.clear();
    this.#known.set(path, { watched, until: now + KNOWN_FOR_MS });
    return watched;
  }

  #classify(path: string): Watched | undefined {
    const real = followed(path);
    if (real.endsWith(TURNSTILE) || CACHE_ENTRY.test(real)) return undefined;
    if (!real.endsWith(SIDECAR)) {
      return this.#matches(resolve(path)) || this.#matches(real) ? { kind: 'data', path: real } : undefined;
    }
    const data = [resolve(path), real].map((name) => name.slice(0, -SIDECAR.length));
    // The name may be that of a link to a data file, whose target the globs match.
    return data.some((name) => this.#matches(name) || this.#matches(followed(name)))
      ? { kind: 'sidecar', path: real }
      : undefined;
  }
}

function pathText(argument: unknown): string | undefined {
  if (isUrl(argument)) return argument.protocol === 'file:' ? pathOfUrl(argument) : undefined;
  return Buffer.isBuffer(argument) ? argument.toString() : undefined;
}

/** The path with symbolic links followed; where the file does not exist yet, those of its folder. */
function followed(path: string): string {
  try {
    return original.realpath(path);
  } catch {
    const whole = resolve(path);
    try {
      return resolve(original.realpath(dirname(whole)), whole.slice(whole.lastIndexOf(sep) + 1));
    } catch {
      return whole;
    }
  }
}
