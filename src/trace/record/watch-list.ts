import { dirname, resolve, sep } from 'node:path';
import picomatch from 'picomatch';
import { isUrl, pathOfUrl } from '../../os/realms.js';
import { monotonicNow } from '../../os/timers.js';
import { original } from '../seam/index.js';

/** What a path argument stands for, where it is something to watch: a data file, or the sidecar of one. */
export interface Watched {
  readonly kind: 'data' | 'sidecar';
  /** With symbolic links followed, so that a file has one name, whoever opens it. */
  readonly path: string;
}

interface Known {
  readonly watched: Watched | undefined;
  readonly until: number;
}

const SIDECAR = '.lock';
/** Where the next in line for a lock stands; see lock/turnstile.ts. */
const TURNSTILE = '.lock.next';
/** The files of a FileCache: they have locks of their own, one for each shard, and a protocol that no sidecar shows. */
const CACHE_ENTRY = /\/v1\/(?:era|ended)-[^/]*(?:\/|$)/;

/** Links may be changed under a running program: for how long a path is taken to lead to where it led. */
const KNOWN_FOR_MS = 1_000;
const MAXIMUM_KNOWN = 10_000;

/** The files to watch. Asked at every call of node:fs, so it remembers what it said about a path. */
export class WatchList {
  readonly #matches: (path: string) => boolean;
  readonly #now: () => number;
  readonly #known = new Map<string, Known>();

  /** @param patterns globs of absolute paths; `*` matches names that begin with a dot too */
  constructor(patterns: readonly string[], now: () => number = monotonicNow) {
    this.#matches = picomatch([...patterns], { dot: true });
    this.#now = now;
  }

  /** Takes what functions of node:fs take as a path. Anything else is not watched; node:fs will say what is wrong with it. */
  find(argument: unknown): Watched | undefined {
    const text = typeof argument === 'string' ? argument : pathText(argument);
    if (text === undefined || text === '') return undefined;
    const path = text.startsWith(sep) ? text : `${process.cwd()}/${text}`;
    const now = this.#now();
    const known = this.#known.get(path);
    if (known !== undefined && now < known.until) return known.watched;
    const watched = this.#look(path);
    if (this.#known.size >= MAXIMUM_KNOWN) this.#known.clear();
    this.#known.set(path, { watched, until: now + KNOWN_FOR_MS });
    return watched;
  }

  #look(path: string): Watched | undefined {
    const real = followed(path);
    if (real.endsWith(TURNSTILE) || CACHE_ENTRY.test(real)) return undefined;
    if (!real.endsWith(SIDECAR)) {
      return this.#matches(resolve(path)) || this.#matches(real) ? { kind: 'data', path: real } : undefined;
    }
    const data = [resolve(path), real].map((name) => name.slice(0, -SIDECAR.length));
    // The data file may have been given under the name of a link, whose target is what the globs match.
    return data.some((name) => this.#matches(name) || this.#matches(followed(name)))
      ? { kind: 'sidecar', path: real }
      : undefined;
  }
}

function pathText(argument: unknown): string | undefined {
  if (isUrl(argument)) return argument.protocol === 'file:' ? pathOfUrl(argument) : undefined;
  return Buffer.isBuffer(argument) ? argument.toString() : undefined;
}

/** Where a path leads: of a file that is not there yet, the links of its folder are followed. */
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
