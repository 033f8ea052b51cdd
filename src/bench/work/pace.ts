import { monotonicNow, nextTurn } from '../../os/timers.js';
import type { Contender } from '../contenders/index.js';
import { keyName, Values } from '../values/index.js';
import type { Assignment, Outcomes } from './assignment.js';
import { fill } from './fill.js';

/** So long are the batches that are timed: a look at the clock costs as much as a hit in memory. */
const BATCH_MS = 1;
/** Values to write are made before, and used again. */
const VALUES = 64;

/**
 * One operation over and over, the keys in turn, as fast as it goes. Judges nothing: what comes out is what one operation costs in a
 * process that has nothing else to do. An operation that fails ends it.
 */
export async function pace(contender: Contender, own: Assignment): Promise<Outcomes['pace']> {
  const keys = Array.from({ length: own.keys }, (_, index) => keyName(index));
  const source = new Values(own.bytes, own.seed, own.number);
  const values = Array.from({ length: VALUES }, () => source.next());
  let key = 0;
  const nextKey = () => {
    key = key + 1 === keys.length ? 0 : key + 1;
    return keys[key] ?? '';
  };
  const step =
    own.operation === 'read'
      ? () => contender.read(nextKey())
      : (index: number) => contender.write(nextKey(), values[index % VALUES] ?? source.next());
  // What is in the memory of a process is there only if this process has put it there.
  if ((await contender.read(keyName(0))) === undefined) await fill(contender, own);
  // Twice over every key: what keeps values in memory has them then.
  if (own.operation === 'read') for (let index = 0; index < 2 * keys.length; index += 1) await step(index);
  await repeat(step, own.warmUpMs);
  return repeat(step, own.measureMs);
}

/** Asynchronous operations are awaited one by one; synchronous ones pay for no promise. */
async function repeat(step: (index: number) => unknown, milliseconds: number): Promise<Outcomes['pace']> {
  let operations = 0;
  let elapsedMs = 0;
  let batch = 1;
  while (elapsedMs < milliseconds) {
    const start = monotonicNow();
    for (let index = 0; index < batch; index += 1) {
      const result = step(index);
      if (result instanceof Promise) await result;
    }
    const tookMs = monotonicNow() - start;
    operations += batch;
    elapsedMs += tookMs;
    if (tookMs < BATCH_MS) batch *= 2;
    else if (tookMs > 4 * BATCH_MS) batch = Math.ceil(batch / 2);
    // Outside the measured time: what runs on timers runs as it would in a service.
    await nextTurn();
  }
  return { operations, elapsedMs };
}
