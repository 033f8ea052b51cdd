import { expect, test } from 'vitest';
import { explore } from './explore.js';
import { recyclingModel } from './recycling-model.js';
import { programs } from './recycling-programs.js';
import { type Operation, World, type WorldOptions } from './recycling-world.js';

const read = (slot: 0 | 1): Operation => ({ kind: 'read', slot });
const map: Operation = { kind: 'map', slot: 0 };
const set = (value: number, slot: 0 | 1, length: 1 | 2 | 3 = 1): Operation => ({ kind: 'set', slot, value, length });
const twice = [read(0), read(0)];
const both: WorldOptions = {
  present: [
    { slot: 0, length: 2 },
    { slot: 1, length: 1 },
  ],
};
const long: WorldOptions = { present: [{ slot: 0, length: 3 }] };

/** The same model as in recycling.test.ts, with more to do for everybody, two deaths, and a call that fails. */
test.each<[string, Operation[][], WorldOptions]>([
  ['two reads each', [[set(5, 0), set(6, 0, 2)], [set(7, 1), set(8, 1)], twice, twice], both],
  [
    'reads of both',
    [
      [set(5, 0), set(6, 1)],
      [set(7, 1), set(8, 0)],
      [read(0), read(1)],
      [read(1), read(0)],
    ],
    both,
  ],
  [
    'long versions',
    [
      [set(5, 0), set(6, 0, 3)],
      [set(7, 1), set(8, 0)],
      [map, read(0)],
      [map, map],
    ],
    long,
  ],
  [
    'those who clear up',
    [[set(5, 0), set(6, 0)], [{ kind: 'giveUp' }, { kind: 'sweep' }, set(7, 1)], [{ kind: 'boot' }], twice],
    both,
  ],
  [
    'no exchange',
    [[set(5, 0), set(6, 0, 3)], [{ kind: 'delete', slot: 0 }, set(7, 1)], [map, read(0)], twice],
    { ...both, exchange: 'not there' },
  ],
])('%s', (name, operations, options) => {
  const world = new World(operations, options);
  const { states, violation, path } = explore(recyclingModel(world, programs(), 2, 1));
  console.log(`${name}: ${states} states`);
  expect({ violation, path }).toEqual({ violation: undefined, path: undefined });
});
