import { readdirSync, readFileSync, statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { CacheStrategy } from '../../src/cache/directory/manifest.js';
import { FileCache } from '../../src/cache/file-cache.js';
import { COUNTERS } from '../processes/storm-value.mjs';
import { quickFolder } from './folder.js';
import { type Running, run } from './run.js';

const PROCESSES = 8;
const KILL_EVERY_MS = 100;

/** What a storm came to. */
export interface StormReport {
  /** What must not have happened: values that were torn or foreign, errors, updates that were lost. */
  readonly wrong: readonly string[];
  readonly killed: number;
  readonly updates: number;
  /** Longest operation, and longest time for which an idle process beside it was not run. Milliseconds. */
  readonly longestWait: number;
  readonly longestStall: number;
  /** What verify named when all was over, beyond what killed processes leave; and what it found after its repair. */
  readonly unexpected: readonly string[];
  readonly foundAgain: number;
  readonly totals: Totals;
  readonly countedByHand: Totals;
}

interface Totals {
  readonly entries: number;
  readonly bytes: number;
}

/** What a process that is killed may leave. */
const LEFT_BY_KILLED = ['orphaned temporary', 'dead writer', 'idle lock'];

/** 8 processes that do everything at once to 500 keys, of which one is killed and replaced every 100 ms. `lock`: whether locks exclude anybody. */
export async function storm(
  strategy: CacheStrategy,
  seconds: number,
  lock: 'real' | 'broken' = 'real',
): Promise<StormReport> {
  const folder = quickFolder();
  const [directory, log] = [`${folder}/cache`, `${folder}/log`];
  const start = () => run('storm.mjs', [directory, strategy, log, lock]);
  const observer = run('observer.mjs');
  const running = Array.from({ length: PROCESSES }, start);
  for (const process of [observer, ...running]) await process.said('ready');
  const end = performance.now() + seconds * 1_000;
  let killed = 0;
  for (; performance.now() < end; killed += 1) {
    await delay(KILL_EVERY_MS);
    const [victim] = running.splice(killed % PROCESSES, 1, start());
    victim?.kill();
  }
  await stop(running);
  observer.say('stop');
  const { stdout } = await observer.ended;
  return {
    killed,
    longestStall: Number(stdout.split('\n').at(-1)),
    ...(await judge(directory, strategy, readLog(log))),
  };
}

async function stop(running: readonly Running[]): Promise<void> {
  for (const process of running) {
    await process.said('ready');
    process.say('stop');
  }
  await Promise.all(running.map((process) => process.ended));
}

async function judge(directory: string, strategy: CacheStrategy, log: readonly string[]) {
  const cache = new FileCache<Buffer>({ directory, strategy, codec: 'bytes' });
  const lost = [];
  for (const counter of COUNTERS) lost.push(...lostUpdates(counter, Number(await cache.get(counter)), log));
  const { counts } = await cache.verify({ repair: true });
  const { found } = await cache.verify();
  const { entries, bytes } = await cache.stats();
  await cache.close();
  return {
    wrong: [...log.filter((line) => line.startsWith('wrong ')), ...lost],
    updates: log.filter((line) => line.startsWith('done ')).length,
    longestWait: Math.max(0, ...log.filter((line) => line.startsWith('waited ')).map((line) => Number(line.slice(7)))),
    unexpected: Object.keys(counts).filter((kind) => !LEFT_BY_KILLED.includes(kind)),
    foundAgain: found,
    totals: { entries, bytes },
    countedByHand: countByHand(directory),
  };
}

/** No number is given twice, none is beyond the last one, and what was begun accounts for all. */
function* lostUpdates(counter: string, last: number, log: readonly string[]): Generator<string> {
  const begun = log.filter((line) => line === `begun ${counter}`).length;
  const done = log.filter((line) => line.startsWith(`done ${counter} `)).map((line) => Number(line.split(' ')[2]));
  if (new Set(done).size < done.length) yield `lost: ${done.length - new Set(done).size} numbers of ${counter} twice`;
  if (Math.max(0, ...done) > last) yield `lost: ${counter} ends at ${last}, after ${Math.max(...done)}`;
  if (last < done.length || last > begun) yield `lost: ${counter} is ${last}, of ${done.length} to ${begun}`;
}

function readLog(path: string): string[] {
  return readFileSync(path, 'utf8').split('\n');
}

function countByHand(directory: string): Totals {
  const { era } = JSON.parse(readFileSync(`${directory}/v1/format`, 'utf8')) as { era: string };
  const files = readdirSync(`${directory}/v1/${era}/data`, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /^[0-9a-f]{64}$/.test(entry.name))
    .map((entry) => statSync(`${entry.parentPath}/${entry.name}`).size);
  return { entries: files.length, bytes: files.reduce((sum, size) => sum + size, 0) };
}
