import { expect, test } from 'vitest';
import { eraModel } from './era-model.js';
import { eraPrograms } from './era-programs.js';
import { EraWorld, type Task } from './era-world.js';
import { explore } from './explore.js';

const read: Task = { kind: 'read' };
const clear: Task = { kind: 'clear' };

/** The same model as in eras.test.ts, with more to do for everybody. */
test('clear, under two processes that read twice and one that writes', () => {
  const world = new EraWorld([[clear], [read, read], [read, read], [{ kind: 'set', value: 2 }]]);
  const { states, violation, path } = explore(eraModel(world, eraPrograms(world), 0, [1]));
  console.log(`${states} states`);
  expect({ violation, path }).toEqual({ violation: undefined, path: undefined });
});
