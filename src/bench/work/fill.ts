import type { Contender } from '../contenders/index.js';
import { keyName, Values } from '../values/index.js';
import type { Assignment, Outcomes } from './assignment.js';

/** Some contenders delay a write, to write many at once: one after the other would take minutes. */
const AT_ONCE = 100;

/** Writes every key once. */
export async function fill(contender: Contender, { bytes, seed, number, keys }: Assignment): Promise<Outcomes['fill']> {
  const values = new Values(bytes, seed, number);
  for (let first = 0; first < keys; first += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, keys - first) }, (_, index) => keyName(first + index));
    await Promise.all(some.map((key) => contender.write(key, values.next())));
  }
  return { written: keys };
}
