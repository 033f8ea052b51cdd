import { describe, expect, test } from 'vitest';
import { nextEraSteps } from '../../src/cache/era/eras.js';
import { scaled } from '../helpers/scale.js';
import { eraModel } from './era-model.js';
import { eraPrograms } from './era-programs.js';
import { type Action, type EraPrograms, EraWorld, type Task } from './era-world.js';
import { type Exploration, explore } from './explore.js';

const read: Task = { kind: 'read' };
const clear: Task = { kind: 'clear' };
const remove: Task = { kind: 'remove' };
const look: Task = { kind: 'look' };
const set = (value: number): Task => ({ kind: 'set', value });

type Change = (programs: EraPrograms) => EraPrograms;
type Scenario = readonly [tasks: readonly (readonly Task[])[], crashes: number, hitters: readonly number[]];

function exploreEras([tasks, crashes, hitters]: Scenario, change: Change = (same) => same): Exploration {
  const world = new EraWorld(tasks);
  return explore(eraModel(world, change(eraPrograms(world)), crashes, hitters));
}

describe('the era ends under a hitting, a filling and a writing process', () => {
  test.each<[string, Scenario]>([
    [
      'clear',
      scaled<Scenario>([[[clear], [read, read], [set(2)]], 0, [1]], [[[clear], [read], [read], [set(2)]], 0, [1]]),
    ],
    ['clear, and one may die at it or at anything else', [[[clear], [read, read], [set(2), read]], 1, [1]]],
    ['two clear at once, and one may die', [[[clear], [clear], scaled([], [read]), [set(2)]], 1, scaled([], [2])]],
    ['the directory is removed', [[[remove], [read, look, read], [set(2)], scaled([], [read])], 0, [1]]],
  ])(
    '%s',
    (_, scenario) => {
      const { violation, path } = exploreEras(scenario);
      expect({ violation, path }).toEqual({ violation: undefined, path: undefined });
    },
    60_000,
  );
});

/** Small enough to be explored for every change. */
const SCENARIOS: readonly Scenario[] = [
  [[[clear], [read, read], [set(2)]], 1, [1]],
  [[[clear], [set(2), read], [set(3)]], 1, []],
  [[[clear], [clear], [set(2), read]], 1, []],
  [[[remove], [look, read], [set(2)]], 0, [1]],
];

function firstViolation(change: Change): string {
  for (const scenario of SCENARIOS) {
    const { violation } = exploreEras(scenario, change);
    if (violation !== undefined) return violation;
  }
  return 'nothing';
}

function changed(change: (list: readonly Action[]) => readonly Action[]): Change {
  return (programs) =>
    Object.fromEntries(Object.entries(programs).map(([kind, list]) => [kind, change(list)])) as EraPrograms;
}

/** Takes an action out, wherever it stands in this part. */
function without(part: string, name: string): Change {
  return changed((list) => list.filter((action) => action.part !== part || action.name !== name));
}

function reordered(...names: string[]): Change {
  return changed((list) => {
    const first = list.findIndex(({ part }) => part === 'next');
    if (first === -1) return list;
    const steps = names.map((name) => list.find((action) => action.part === 'next' && action.name === name));
    return [
      ...list.slice(0, first),
      ...steps.filter((step) => step !== undefined),
      ...list.slice(first + names.length),
    ];
  });
}

const epochFirst = changed((list) => {
  const hit = list.filter(({ part }) => part === 'hit');
  const [era, epoch, ...rest] = hit;
  if (era === undefined || epoch === undefined) return list;
  const swapped = [epoch, era, ...rest];
  return list.map((action) => (action.part === 'hit' ? (swapped[hit.indexOf(action)] ?? action) : action));
});

const OLD = 'a read gives what was not current at any instant of it';
const MISS = 'a read misses what is there';
const ENDLESS = 'eras are made without end';

describe('a comparison or a step that is taken out is missed', () => {
  test.each<[string, Change, string]>([
    ['a hit does not compare the era', without('hit', 'compareEra'), OLD],
    ['a writer does not compare the era', without('enter', 'compareEra'), 'a write is lost'],
    [
      'a fill does not compare the era',
      (programs) => without('look', 'compareEra')(without('read', 'compareEra')(programs)),
      OLD,
    ],
    ['the old era is not ended', without('next', 'endFound'), MISS],
    ['clear does not lock format', without('lock', 'lock format'), ENDLESS],
    ['who finds no era does not lock format', without('find', 'lock format'), ENDLESS],
    ['who has locked format does not look again', without('find', 'look again'), ENDLESS],
  ])('%s', (_, change, violation) => {
    expect(firstViolation(change)).toBe(violation);
  });
});

describe('steps that are swapped are missed', () => {
  test.each<[string[], string]>([
    [['setAside', 'endFound', 'place', 'publish'], MISS],
    [['endFound', 'place', 'setAside', 'publish'], ENDLESS],
    [['endFound', 'setAside', 'publish', 'place'], 'damaged, though nothing was'],
    [['setAside', 'place', 'publish', 'endFound'], OLD],
  ])('%j', (steps, violation) => {
    expect(firstViolation(reordered(...steps))).toBe(violation);
  });
});

/** docs/protocol.md says what each of these is for. */
describe('steps that could be left out or swapped, one at a time', () => {
  test.each<[string, Change]>([
    ['a fill compares the era only after the disk was read', without('look', 'compareEra')],
    ['a fill compares the era only before the disk is read', without('read', 'compareEra')],
    ['what is read and not kept is not compared afterwards', without('odd', 'compareEra')],
    ['former eras are not set aside', without('next', 'setAside')],
    ['a hit compares the epoch first', epochFirst],
  ])('%s', (_, change) => {
    expect(firstViolation(change)).toBe('nothing');
  });

  test('the steps to the next era', () => {
    expect(nextEraSteps).toEqual(['endFound', 'setAside', 'place', 'publish']);
  });
});
