import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { expect } from 'vitest';
import { FileCache } from '../../src/cache/file-cache.js';
import { SHARED_LENGTH } from '../../src/cache/shared/words.js';
import { errorCode } from '../../src/errors.js';
import { type Running, run } from './run.js';

/** A process on a cache (test/processes/cache-worker.mjs). */
export function worker(directory: string, strategy: string, role: string, ...args: (string | number)[]): Running {
  return run('cache-worker.mjs', [directory, strategy, role, ...args.map(String)]);
}

/** Lets them begin together. */
export async function begin(workers: readonly Running[]): Promise<void> {
  for (const process of workers) await process.said('ready');
  for (const process of workers) process.say('go');
}

/** What a process came to. */
export async function outcome<T>(process: Running): Promise<T> {
  const { stdout, stderr, exitCode } = await process.ended;
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  return JSON.parse(stdout.split('\n').at(-1) ?? '') as T;
}

/** What can befall the directory of a cache while it is in use. Where a part is not there just now, nothing. */
export const DAMAGES: readonly [string, (directory: string) => void | Promise<void>][] = [
  ['its version folder removed', (directory) => removeUnder(`${directory}/v1`)],
  ['moved away', (directory) => renameSync(`${directory}/v1`, `${directory}-moved-${moves++}`)],
  ['its shared words deleted', (directory) => rmSync(`${era(directory)}/shared`, { force: true })],
  ['its shared words zeroed', (directory) => overwrite(`${era(directory)}/shared`, Buffer.alloc(SHARED_LENGTH), 0)],
  ['its shared words overwritten', (directory) => overwrite(`${era(directory)}/shared`, randomBytes(SHARED_LENGTH), 0)],
  ['its epochs overwritten', (directory) => overwrite(`${era(directory)}/shared`, randomBytes(262_144), 20_480)],
  [
    'its shared words replaced by other ones',
    (directory) => replaceShared(directory, () => randomBytes(SHARED_LENGTH)),
  ],
  ['its shared words replaced by a copy', (directory) => replaceShared(directory, (shared) => readFileSync(shared))],
  ["a shard's folder deleted", (directory) => rmSync(`${era(directory)}/data/00`, { recursive: true, force: true })],
  ['cleared', (directory) => new FileCache({ directory }).clear()],
];

let moves = 0;

/** No process has met anything but its own values and documented errors, and all see what is set now. */
export async function expectAgreement(directory: string, workers: readonly Running[], round: number): Promise<void> {
  for (const process of workers) process.say('stop');
  for (const process of workers) await process.said(`stopped ${round}`);
  const cache = new FileCache({ directory });
  await cache.set('agreed', 'yes');
  for (const process of workers) process.say('last look');
  for (const process of workers) await process.said(`agreed ${round}`);
  // All have it in memory now: who still had another cache open would not see this.
  await cache.set('agreed', 'no');
  for (const process of workers) process.say('very last look');
  for (const process of workers) {
    const line = await process.said(new RegExp(`^round ${round}: `));
    const { foreign, errors, seen } = JSON.parse(line.slice(line.indexOf('{')));
    expect({ foreign, errors, seen }).toEqual({ foreign: 0, errors: {}, seen: ['yes', 'no'] });
  }
  await cache.close();
}

function era(directory: string): string {
  return `${directory}/v1/${readdirSync(`${directory}/v1`).find((entry) => entry.startsWith('era-'))}`;
}

/** As `rm -rf` beside programs that go on making files: it deletes what it has seen, and may fail at the end. */
function removeUnder(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch (error) {
    if (errorCode(error) !== 'ENOTEMPTY') throw error;
  }
}

/** In place, as far as there is such a file: nothing is cut, which would kill whoever has it mapped. */
function overwrite(path: string, bytes: Buffer, position: number): void {
  let fd: number;
  try {
    fd = openSync(path, 'r+');
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    return;
  }
  writeSync(fd, bytes, 0, bytes.length, position);
  closeSync(fd);
}

function replaceShared(directory: string, make: (path: string) => Buffer): void {
  const path = `${era(directory)}/shared`;
  if (!existsSync(path)) return;
  writeFileSync(`${directory}/other`, make(path));
  renameSync(`${directory}/other`, path);
}
