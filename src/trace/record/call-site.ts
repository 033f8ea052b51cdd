import { findSourceMap } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { CallSite } from './access.js';

/** The line of most calls is among the first frames; after an awaited lock it is deeper. */
const SHALLOW = 12;
const DEEP = 64;

/** The compiled files of this package. */
const OWN_FOLDER = fileURLToPath(new URL('../..', import.meta.url));
/** Packages that only pass a call on: the line of interest is the one that called them. */
const WRAPPERS =
  /\/node_modules\/(?:holdfast|graceful-fs|fs-extra|universalify|jsonfile|load-json-file|write-json-file|write-file-atomic|atomically|steno|proper-lockfile|retry)\//;

/** A file of frames. */
interface Origin {
  readonly path: string;
  readonly kind: 'inside' | 'package' | 'program';
}

/** By the name that frames give it: a path or a URL. */
const origins = new Map<string, Origin>();
/** Sites by position in the compiled code, so that the source map is asked once for each. */
const known = new Map<string, CallSite>();

/**
 * The line of the program that makes the present call: the first frame that is not in node, not in this package and not
 * in a package that only passes calls on. `undefined` where the stack has no such frame, as when a stream reads on by
 * itself. Source maps are used where Node has them enabled.
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

/** The frames as objects: to format them would cost more, and would call the program's own formatter of stacks. */
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
    // Where there was none it stays `undefined`: to delete it each time would make Error slow for the whole program.
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

/** The position in the source of this position in compiled code; the position itself where no map is loaded. */
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
