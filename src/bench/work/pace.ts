import { monotonicNow, nextTurn } from '../../os/timers.js';
import type { Contender } from '../contenders/index.js';
import { keyName, Values } from '../values/index.js';
import type { Assignment, Outcomes } from './assignment.js';
import { fill } from './fill.js';

/** The time of this many operations is taken at once: a look at the clock costs as much as a hit in memory. */
const BATCH_MS = 1;
/** This many values to write are made before, and used in turn. */
const VALUES = 64;

/**
 * Repeats one operation on the keys in turn, as fast as it can. Judges no value: the result is the cost of one
 * operation in a process that does nothing else. An operation that fails ends it.
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
  // A process has in its memory only what it has put there itself.
  if ((await contender.read(keyName(0))) === undefined) await fill(contender, own);
  // Each key twice: then a contender that keeps values in memory has them.
  if (own.operation === 'read') for (let index = 0; index < 2 * keys.length; index += 1) await step(index);
  await repeat(step, own.warmUpMs);
  return repeat(step, own.measureMs);
}

/** Awaits asynchronous operations one by one, and spares synchronous ones the promise. */
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
    // Outside the measured time, timers run as they would in a service.
    await nextTurn();
  }
  return { operations, elapsedMs };
}
