import { expect, test } from 'vitest';
import { explore } from './explore.js';
import { protocolModel } from './protocol-model.js';
import { programs } from './protocol-programs.js';
import { type Operation, World } from './protocol-world.js';

const reads = (count: number): Operation[] => Array.from({ length: count }, () => ({ kind: 'read', slot: 0 }));
const thrice = reads(3);

/** The same model as in protocol.test.ts, with more to do for everybody. */
test.each<[string, Operation[][]]>([
  [
    'two sets and a delete beside a load under a lease',
    [
      [
        { kind: 'set', slot: 0, value: 1 },
        { kind: 'delete', slot: 0 },
      ],
      [
        { kind: 'flight', slot: 0, value: 2 },
        { kind: 'set', slot: 1, value: 3 },
      ],
      reads(3),
    ],
  ],
  ['three reads each', [[{ kind: 'set', slot: 0, value: 1 }], [{ kind: 'set', slot: 0, value: 2 }], thrice, thrice]],
])('%s', (name, operations) => {
  const world = new World(operations);
  const { states, violation, path } = explore(protocolModel(world, programs(world), 2));
  console.log(`${name}: ${states} states`);
  expect({ violation, path }).toEqual({ violation: undefined, path: undefined });
});
