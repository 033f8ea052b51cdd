import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { HoldfastError } from '../../errors.js';
import { TRACE_SCHEMA, type TraceLine } from '../record/index.js';

/** A log of one thread of one process. */
export interface TraceLogFile {
  readonly name: string;
  /** The lines; `undefined` for one that cannot be read, such as the last one of a process that died on a full disk. */
  readonly lines: AsyncIterable<TraceLine | undefined>;
}

/**
 * The logs of a directory, in the order in which their threads began, each read as a stream. Rejects with the system's
 * error where there is no such directory, and with `ERR_INVALID_ARGUMENT` where there is no log in it.
 */
export async function readLogs(directory: string): Promise<TraceLogFile[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.jsonl')).sort();
  if (names.length === 0) {
    throw new HoldfastError(
      'ERR_INVALID_ARGUMENT',
      `Expected a directory with logs of a trace: ${directory} holds none.`,
      {
        path: directory,
      },
    );
  }
  return names.map((name) => ({ name, lines: readLines(join(directory, name)) }));
}

async function* readLines(path: string): AsyncGenerator<TraceLine | undefined> {
  const input = createReadStream(path);
  try {
    for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      if (text !== '') yield parse(text);
    }
  } finally {
    input.destroy();
  }
}

function parse(text: string): TraceLine | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isTraceLine(value) ? value : undefined;
}

/** A log may have been cut, or written by another version. Every field that the report uses is checked here. */
function isTraceLine(value: unknown): value is TraceLine {
  if (!isRecord(value) || typeof value['time'] !== 'number') return false;
  if (value['kind'] === 'process') return value['schema'] === TRACE_SCHEMA && typeof value['pid'] === 'number';
  if (value['kind'] === 'exit') return typeof value['status'] === 'number';
  return (
    value['kind'] === 'access' &&
    ['path', 'how', 'call', 'lock'].every((field) => typeof value[field] === 'string') &&
    isAbsentOr(value['site'], (site) => typeof site['file'] === 'string' && typeof site['line'] === 'number') &&
    isAbsentOr(value['request'], (request) => ['method', 'url'].every((field) => typeof request[field] === 'string'))
  );
}

function isAbsentOr(value: unknown, check: (record: Record<string, unknown>) => boolean): boolean {
  return value === undefined || (isRecord(value) && check(value));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
