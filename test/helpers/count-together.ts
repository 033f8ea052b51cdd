import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { Running } from './run.js';

/** What came of several processes that counted in one file. */
export interface Count {
  /** The number in the file. */
  readonly inFile: number;
  /** All numbers that the processes say they wrote, in ascending order. */
  readonly written: number[];
}

/** Lets processes (increment.mjs, increment.py) begin together, and waits for them. */
export async function countTogether(path: string, counters: Running[]): Promise<Count> {
  for (const counter of counters) await counter.said('ready');
  for (const counter of counters) counter.say('go');
  const written: number[] = [];
  for (const { ended } of counters) {
    const { stdout, stderr, exitCode } = await ended;
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    written.push(...JSON.parse(stdout.split('\n').at(-1) ?? ''));
  }
  return { inFile: Number(readFileSync(path, 'utf8')), written: written.sort((a, b) => a - b) };
}

/** No update was lost: the file says so, and so do the processes, of which no two wrote the same number. */
export function expectExact({ inFile, written }: Count, total: number): void {
  expect(inFile).toBe(total);
  expect(written).toEqual(Array.from({ length: total }, (_, index) => index + 1));
}
