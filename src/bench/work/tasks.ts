import { delay, monotonicNow, nextTurn } from '../../os/timers.js';
import type { Contender } from '../contenders/index.js';
import { COUNTER_KEY, coldKeyName, ErrorsMet, Values } from '../values/index.js';
import type { Assignment, Outcomes, TaskName } from './assignment.js';
import { fill } from './fill.js';
import { mix } from './mix.js';
import { pace } from './pace.js';

/** The tasks of a process. */
export const tasks: { [Name in TaskName]: (contender: Contender, own: Assignment) => Promise<Outcomes[Name]> } = {
  fill,
  mix,
  pace,
  count,
  total,
  stampede,
};

async function count(contender: Contender, { measureMs }: Assignment): Promise<Outcomes['count']> {
  const increment = required(contender, 'increment');
  const errors = new ErrorsMet();
  const start = monotonicNow();
  let increments = 0;
  while (monotonicNow() - start < measureMs) {
    try {
      await increment(COUNTER_KEY);
      increments += 1;
    } catch (error) {
      errors.add(error);
    }
    // Between two operations of a service, other requests and timers run.
    await nextTurn();
  }
  return { increments, elapsedMs: monotonicNow() - start, errors: errors.count, errorMessages: errors.messages };
}

async function total(contender: Contender): Promise<Outcomes['total']> {
  return { count: await required(contender, 'count')(COUNTER_KEY) };
}

async function stampede(contender: Contender, own: Assignment): Promise<Outcomes['stampede']> {
  const load = required(contender, 'load');
  const values = new Values(own.bytes, own.seed, own.number);
  const errors = new ErrorsMet();
  let loads = 0;
  const loadSlowly = async () => {
    loads += 1;
    await delay(own.loadMs);
    return values.next();
  };
  for (let index = 0; index < own.coldKeys; index += 1) {
    const asked = Array.from({ length: own.callers }, () => load(coldKeyName(index), loadSlowly));
    for (const answer of await Promise.allSettled(asked)) {
      if (answer.status === 'rejected') errors.add(answer.reason);
      else if (values.judge(answer.value as undefined) !== 'ok') errors.add(new Error('A caller was given no value.'));
    }
  }
  return { loads, errors: errors.count, errorMessages: errors.messages };
}

/** The driver asks only for what a contender can do. A mistake there must not look like a result. */
function required<Name extends 'increment' | 'count' | 'load'>(contender: Contender, name: Name) {
  const operation = contender[name];
  if (operation === undefined) throw new Error(`This contender has no ${name}.`);
  return operation.bind(contender) as NonNullable<Contender[Name]>;
}
