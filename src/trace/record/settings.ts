import { delimiter, isAbsolute, resolve } from 'node:path';
import { getEnvironmentData, isMainThread, setEnvironmentData } from 'node:worker_threads';
import { HoldfastError } from '../../errors.js';

/** What to watch, and where to write the logs. */
export interface TraceSettings {
  /** Globs of absolute paths. */
  readonly patterns: readonly string[];
  /** An absolute path. */
  readonly directory: string;
}

export const FILES_VARIABLE = 'HOLDFAST_TRACE';
export const DIRECTORY_VARIABLE = 'HOLDFAST_TRACE_DIRECTORY';
export const DEFAULT_DIRECTORY = 'holdfast-trace';

/** The name under which worker threads find the settings, whatever their environment is. */
const WORKER_DATA = 'holdfast:trace';
/** The module that `--import` loads. */
const ENTRY = new URL('../index.js', import.meta.url).href;

/**
 * The settings of this thread: those that the main thread left for its workers, or the environment. Throws
 * `ERR_INVALID_ARGUMENT` where neither says what to watch.
 */
export function readSettings(environment: NodeJS.ProcessEnv = process.env): TraceSettings {
  const inherited = isMainThread ? undefined : getEnvironmentData(WORKER_DATA);
  if (isSettings(inherited)) return inherited;
  return settingsFrom((environment[FILES_VARIABLE] ?? '').split(delimiter), environment[DIRECTORY_VARIABLE]);
}

/** Settings from globs and a directory as they were typed. Relative ones begin at the working directory. */
export function settingsFrom(globs: readonly string[], directory: string | undefined): TraceSettings {
  const patterns = globs.filter((glob) => glob !== '').map(absolutePattern);
  if (patterns.length === 0) {
    throw new HoldfastError(
      'ERR_INVALID_ARGUMENT',
      `Nothing says which files to watch. Expected globs with "${delimiter}" between them in ${FILES_VARIABLE}, e.g. ${FILES_VARIABLE}='cache/*.json', or holdfast trace --files 'cache/*.json' -- app.js.`,
    );
  }
  const ambiguous = patterns.find((pattern) => pattern.includes(delimiter));
  if (ambiguous !== undefined) {
    const message = `"${delimiter}" stands between globs, so none can contain it: ${ambiguous}. A "?" matches it.`;
    throw new HoldfastError('ERR_INVALID_ARGUMENT', message);
  }
  return { patterns, directory: resolve(directory || DEFAULT_DIRECTORY) };
}

/** An environment in which a Node process is traced, and every one that it starts. */
export function tracedEnvironment(settings: TraceSettings, environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const options = environment['NODE_OPTIONS'] ?? '';
  return {
    ...environment,
    [FILES_VARIABLE]: settings.patterns.join(delimiter),
    [DIRECTORY_VARIABLE]: settings.directory,
    NODE_OPTIONS: options.includes(ENTRY) ? options : `${options} --import ${ENTRY}`.trim(),
  };
}

/** Hands the settings on to the worker threads and child processes of this one. */
export function handOn(settings: TraceSettings): void {
  setEnvironmentData(WORKER_DATA, { ...settings });
  if (isMainThread) Object.assign(process.env, tracedEnvironment(settings, process.env));
}

/** An absolute glob for a relative one, with special characters in the working directory's name escaped. */
function absolutePattern(glob: string): string {
  if (isAbsolute(glob)) return glob;
  const folder = process.cwd().replace(/[\\*?[\]{}()!+@|]/g, '\\$&');
  return `${folder}/${glob.replace(/^(?:\.\/)+/, '')}`;
}

function isSettings(value: unknown): value is TraceSettings {
  return typeof value === 'object' && value !== null && 'patterns' in value && 'directory' in value;
}
