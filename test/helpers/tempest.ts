import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { CacheStrategy } from '../../src/cache/directory/manifest.js';
import { FileCache } from '../../src/cache/file-cache.js';
import { temporaryFolder } from './folder.js';
import { mountTmpfs } from './mount.js';
import { type Running, run, runProgram } from './run.js';

/** Everything at once: eight processes, some with threads, and what a bad month does to them. */
export interface TempestOptions {
  readonly strategy: CacheStrategy;
  readonly seconds: number;
  /** Default: all eight. */
  readonly processes?: number;
  /** Something that is wrong on purpose, to see that it shows. */
  readonly broken?: 'no generations';
}

export interface TempestReport {
  /** What must not have happened, each with where. */
  readonly wrong: readonly string[];
  /** How often each error was met that is to be expected. */
  readonly failed: Readonly<Record<string, number>>;
  readonly operations: number;
  readonly killed: number;
  readonly stopped: number;
  /** Entries counted by hand, at most, beside what the limit and the writers allow. */
  readonly mostEntries: number;
  readonly allowedEntries: number;
  /** Most system calls that were made under one lock. */
  readonly callsInSection: number;
  /** Descriptors that processes which ended in order had more at the end than before. */
  readonly descriptorsLeft: number;
  /** KiB of memory that a process which lived through all of it has at the end more than once it was warm. */
  readonly grownKiB: number;
  /** Longest stall of a process that only reads, less that of an idle one in the same second. Milliseconds; depends on the machine. */
  readonly bystanderStall: number;
  /** What verify finds after its repair. */
  readonly foundAgain: number;
}

const LOCK_TIMEOUT_MS = 2_000;
const MAX_ENTRIES = 60;
const KILL_EVERY_MS = 150;
const STOP_EVERY_MS = 900;
const FILL_EVERY_MS = 1_300;
const FULL_FOR_MS = 200;
const LOOK_EVERY_MS = 100;
/** Loops of a process that write at the same time, and threads that each have as many. */
const LOOPS = 4;
const KINDS = ['async', 'sync', 'async', 'threads', 'async', 'sync', 'async', 'threads'] as const;
/** A process notes so many operations at once. */
const OPERATIONS_A_LINE = 20;
/** Each thread of two, which are replaced while those before them may still be under way. */
const WRITERS_UNDER_WAY = (KINDS.length + 1) * LOOPS * 2;

/** Needs `tmpfs`. */
export async function tempest({
  strategy,
  seconds,
  processes = KINDS.length,
  broken,
}: TempestOptions): Promise<TempestReport> {
  const folder = mountTmpfs('size=24m');
  const [directory, log] = [`${folder}/cache`, `${temporaryFolder()}/log`];
  writeFileSync(log, '');
  const start = (kind: (typeof KINDS)[number] | 'bystander' | 'survivor', index = 0): Running => {
    const exhaust = (kind === 'async' || kind === 'sync') && index % 2 === 0;
    const limits = { maxEntries: MAX_ENTRIES };
    const options = {
      directory,
      strategy,
      log,
      kind,
      limits,
      lockTimeout: LOCK_TIMEOUT_MS,
      exhaust,
      broken,
      warmMs: seconds * 400,
    };
    if (!exhaust) return run('tempest/tempest.mjs', [JSON.stringify(options)]);
    const script = 'test/processes/tempest/tempest.mjs';
    return runProgram('sh', [
      '-c',
      'ulimit -n 160; exec "$@"',
      'sh',
      process.execPath,
      script,
      JSON.stringify(options),
    ]);
  };
  const bystander = start('bystander');
  const survivor = start('survivor');
  const observer = run('observer-by-second.mjs');
  const running = KINDS.slice(0, processes).map((kind, index) => start(kind, index));
  for (const process of [bystander, survivor, observer, ...running]) await process.said('ready');
  const end = performance.now() + seconds * 1_000;
  const [killed, stopped, , mostEntries] = await Promise.all([
    kill(running, start, end),
    stop(running, end),
    fill(folder, end),
    watchEntries(directory, end),
  ]);
  for (const process of [...running, bystander, survivor]) {
    await process.said('ready');
    process.say('stop');
  }
  observer.say('stop');
  await Promise.all([...running, bystander, survivor].map((process) => process.ended));
  const stalls = (await observer.ended).stdout;
  return {
    killed,
    stopped,
    mostEntries,
    ...judge(readFileSync(log, 'utf8').split('\n'), stalls),
    ...(await rest(directory, strategy)),
  };
}

async function kill(
  running: Running[],
  start: (kind: (typeof KINDS)[number], index: number) => Running,
  end: number,
): Promise<number> {
  let killed = 0;
  for (; performance.now() < end; killed += 1) {
    await delay(KILL_EVERY_MS);
    const index = (killed * 3) % running.length;
    const kind = KINDS[index];
    if (kind === undefined) continue;
    const [victim] = running.splice(index, 1, start(kind, index));
    victim?.kill();
  }
  return killed;
}

/** Stops a process for a time that others may wait out, or may not. */
async function stop(running: readonly Running[], end: number): Promise<number> {
  let stopped = 0;
  for (; performance.now() < end; stopped += 1) {
    await delay(STOP_EVERY_MS);
    const victim = running[(stopped * 5) % running.length];
    victim?.kill('SIGSTOP');
    await delay(stopped % 2 === 0 ? LOCK_TIMEOUT_MS / 4 : LOCK_TIMEOUT_MS * 1.2);
    victim?.kill('SIGCONT');
  }
  return stopped;
}

/** Fills the disk for a moment, now and then. */
async function fill(folder: string, end: number): Promise<void> {
  const ballast = `${folder}/ballast`;
  while (performance.now() < end) {
    await delay(FILL_EVERY_MS);
    try {
      writeFileSync(ballast, Buffer.alloc(32 * 1024 * 1024));
    } catch {
      // It is full, as it was to be.
    }
    await delay(FULL_FOR_MS);
    rmSync(ballast, { force: true });
  }
}

/** The most entries that a look from outside finds in the present era. */
async function watchEntries(directory: string, end: number): Promise<number> {
  let most = 0;
  while (performance.now() < end) {
    await delay(LOOK_EVERY_MS);
    most = Math.max(most, countEntries(directory));
  }
  return most;
}

function countEntries(directory: string): number {
  try {
    const { era } = JSON.parse(readFileSync(`${directory}/v1/format`, 'utf8')) as { era: string };
    return readdirSync(`${directory}/v1/${era}/data`, { recursive: true }).filter((name) =>
      /\/[0-9a-f]{64}$/.test(String(name)),
    ).length;
  } catch {
    // Another era has begun.
    return 0;
  }
}

function judge(log: readonly string[], observed: string) {
  const lines = (word: string) =>
    log.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
  const failed: Record<string, number> = {};
  for (const code of lines('failed')) failed[code] = (failed[code] ?? 0) + 1;
  const most = (numbers: readonly string[]) => Math.max(0, ...numbers.map(Number));
  return {
    wrong: inGroups(lines('wrong')),
    failed,
    operations: lines('done').length * OPERATIONS_A_LINE,
    allowedEntries: Math.max(MAX_ENTRIES * 1.1, MAX_ENTRIES + WRITERS_UNDER_WAY),
    callsInSection: most(lines('section')),
    descriptorsLeft: most(lines('left')),
    grownKiB: most(lines('grown')),
    bystanderStall: worstStall(lines('stall'), observed.split('\n')),
  };
}

/** The same thing once, with how often it was seen: a line a kind, whatever the numbers in it. */
function inGroups(lines: readonly string[]): string[] {
  const groups = new Map<string, { example: string; count: number }>();
  for (const example of lines) {
    const kind = example.replaceAll(/\d+/g, '0');
    const group = groups.get(kind) ?? { example, count: 0 };
    groups.set(kind, { ...group, count: group.count + 1 });
  }
  return [...groups.values()].map(({ example, count }) => `${count} x ${example}`);
}

function worstStall(stalls: readonly string[], observed: readonly string[]): number {
  const idle = new Map(observed.map((line) => line.split(' ')).map(([second, stall]) => [second, Number(stall)]));
  const more = stalls
    .map((line) => line.split(' '))
    .map(([second, stall]) => Number(stall) - (idle.get(second) ?? Infinity));
  return Math.max(0, ...more);
}

async function rest(directory: string, strategy: CacheStrategy): Promise<{ foundAgain: number }> {
  const cache = new FileCache<Buffer>({ directory, strategy, codec: 'bytes' });
  await cache.verify({ repair: true });
  const { found } = await cache.verify();
  await cache.close();
  return { foundAgain: found };
}
