import { expect } from 'vitest';
import { placeOf } from '../../src/cache/format/key.js';
import { quickFolder } from './folder.js';
import { type Recorded, readHistory, staleReads } from './history.js';
import { run } from './run.js';

const PROCESSES = 8;
const KEYS = 64;
const KEYS_PER_SLOT = 4;

export interface Coherence {
  readonly strategy: 'rename' | 'flock';
  readonly seconds: number;
  readonly broken?: 'no epoch check' | 'epoch after reading';
  /** In each process. Default: none but the main one. */
  readonly threads?: number;
  readonly processes?: number;
}

/** Runs processes that read and write 64 keys of 16 slots, two instances each, and looks at what they saw. */
export async function readTogether({ processes = PROCESSES, threads = 0, ...options }: Coherence): Promise<{
  operations: number;
  stale: Recorded[];
}> {
  const folder = quickFolder();
  const keys = keysOfFewSlots();
  const histories: string[] = [];
  const workers = Array.from({ length: processes }, (_, index) => {
    const history = `${folder}/history-${index}`;
    const writer = 1 + index * Math.max(1, threads);
    if (threads === 0) histories.push(history);
    else for (let thread = 0; thread < threads; thread += 1) histories.push(`${history}-${thread}`);
    const all = { ...options, directory: `${folder}/cache`, keys, writer, history, threads };
    return run('coherent-worker.mjs', [JSON.stringify(all)]);
  });
  for (const worker of workers) await worker.said('ready');
  for (const worker of workers) worker.say('go');
  for (const worker of workers) expect(await worker.ended).toMatchObject({ exitCode: 0, stderr: '' });
  const recorded = histories.flatMap(readHistory);
  return { operations: recorded.length, stale: staleReads(recorded) };
}

/** Keys of which each shares its slot with three others. */
function keysOfFewSlots(): string[] {
  const slots = new Map<number, string[]>();
  const full: string[] = [];
  for (let number = 0; full.length < KEYS; number += 1) {
    const key = `key-${number}`;
    const { slot } = placeOf(key);
    const keys = slots.get(slot) ?? [];
    keys.push(key);
    slots.set(slot, keys);
    if (keys.length === KEYS_PER_SLOT) full.push(...keys);
  }
  return full;
}
