import { findSourceMap } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { CallSite } from './access.js';

/** Most calls have their line among the first frames; behind a lock that was awaited it stands deeper. */
const SHALLOW = 12;
const DEEP = 64;

/** The compiled files of this package. */
const OWN_FOLDER = fileURLToPath(new URL('../..', import.meta.url));
/** Packages that hand a call on: the line of interest is the one that called them. */
const WRAPPERS =
  /\/node_modules\/(?:holdfast|graceful-fs|fs-extra|universalify|jsonfile|load-json-file|write-json-file|write-file-atomic|atomically|steno|proper-lockfile|retry)\//;

/** A file that frames come from. */
interface Origin {
  readonly path: string;
  readonly kind: 'inside' | 'package' | 'program';
}

/** By the name that frames have for it: a path or a URL. */
const origins = new Map<string, Origin>();
/** Sites by place, so that the source map is asked once for each. */
const known = new Map<string, CallSite>();

/**
 * The line of the program that makes the call under way: the first frame that is not in node, not in this package and not in a package that only
 * hands calls on. `undefined` where the stack has none, as in a stream that reads on by itself. Source maps are honoured where
 * Node has them on.
 */
export function programSite(): CallSite | undefined {
  return search(SHALLOW, isProgram) ?? search(DEEP, isProgram);
}

/** For calls without a line of the program: the first frame that is not in node and not in this package. */
export function packageSite(): CallSite | undefined {
  return search(DEEP, isOutside);
}

function search(depth: number, accepts: (origin: Origin) => boolean): CallSite | undefined {
  for (const frame of capture(depth)) {
    const name = frame.getFileName();
    if (!name) continue;
    const origin = origins.get(name) ?? remember(name);
    if (accepts(origin)) return siteAt(origin.path, frame);
  }
  return undefined;
}

function isProgram({ kind }: Origin): boolean {
  return kind === 'program';
}

function isOutside({ kind }: Origin): boolean {
  return kind !== 'inside';
}

function remember(name: string): Origin {
  const path = name.startsWith('file:') ? fileURLToPath(name) : name;
  const inside = !path.startsWith('/') || path.startsWith(OWN_FOLDER);
  const origin: Origin = { path, kind: inside ? 'inside' : WRAPPERS.test(path) ? 'package' : 'program' };
  origins.set(name, origin);
  return origin;
}

/** The frames themselves: making text of them would cost more, and ask whoever formats stacks in the program. */
function capture(depth: number): NodeJS.CallSite[] {
  const { prepareStackTrace, stackTraceLimit } = Error;
  const holder: { stack?: unknown } = {};
  Error.prepareStackTrace = asTheyAre;
  Error.stackTraceLimit = depth;
  try {
    Error.captureStackTrace(holder, search);
    return Array.isArray(holder.stack) ? holder.stack : [];
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    // Where there was none it is left as `undefined`: to delete it each time would make of Error an object that is slow for everybody.
    Error.prepareStackTrace = prepareStackTrace;
  }
}

function asTheyAre(_error: Error, frames: NodeJS.CallSite[]): NodeJS.CallSite[] {
  return frames;
}

function siteAt(file: string, frame: NodeJS.CallSite): CallSite {
  const line = frame.getLineNumber() ?? 0;
  const column = frame.getColumnNumber() ?? 0;
  const place = `${file}:${line}:${column}`;
  let site = known.get(place);
  if (site === undefined) {
    const name = frame.getFunctionName();
    site = { ...mapped(file, line, column), ...(name === null ? {} : { function: name }) };
    known.set(place, site);
  }
  return site;
}

/** The place in the source that was compiled to this one; the place itself where no map is loaded. */
function mapped(file: string, line: number, column: number): CallSite {
  const entry = findSourceMap(file)?.findEntry(line - 1, column - 1);
  if (entry === undefined || !('originalSource' in entry)) return { file, line, column };
  const source = entry.originalSource;
  return {
    file: source.startsWith('file:') ? fileURLToPath(source) : source,
    line: entry.originalLine + 1,
    column: entry.originalColumn + 1,
  };
}
