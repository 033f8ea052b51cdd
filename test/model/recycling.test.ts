import { describe, expect, test } from 'vitest';
import { LONGEST_SPARE } from '../../src/cache/shared/recycling.js';
import { type Exploration, explore } from './explore.js';
import { checkFiles, recyclingModel } from './recycling-model.js';
import { type Programs, programs } from './recycling-programs.js';
import {
  type Action,
  type Actor,
  ENTRIES,
  type Length,
  type Operation,
  type Part,
  PUBLISHED,
  SPARE,
  SPARE_WORD,
  type Version,
  World,
  type WorldOptions,
} from './recycling-world.js';

const set = (value: number, slot: 0 | 1 = 0, length: Length = 1): Operation => ({ kind: 'set', slot, value, length });
const read: Operation[] = [{ kind: 'read', slot: 0 }];
const readOther: Operation[] = [{ kind: 'read', slot: 1 }];
const map: Operation[] = [{ kind: 'map', slot: 0 }];
const giveUp: Operation = { kind: 'giveUp' };
const sweep: Operation = { kind: 'sweep' };
const boot: Operation = { kind: 'boot' };
const remove: Operation = { kind: 'delete', slot: 0 };

const there = (slot: 0 | 1, length: Length): Version => ({ slot, length });
const both: WorldOptions = { present: [there(0, 2), there(1, 1)] };
const one: WorldOptions = { present: [there(0, 2)] };
const long: WorldOptions = { present: [there(0, 3)] };

interface Scenario {
  readonly operations: readonly (readonly Operation[])[];
  readonly options: WorldOptions;
  readonly crashes?: number;
  readonly failures?: number;
}

function exploreAll({ operations, options, crashes = 1, failures = 0 }: Scenario, change = same): Exploration {
  return explore(recyclingModel(new World(operations, options), change(programs()), crashes, failures));
}

/** Looks at nothing but names and open files. */
function exploreFiles({ operations, options }: Scenario, change: (all: Programs) => Programs): Exploration {
  const world = new World(operations, options);
  const check = (cells: Uint8Array) => {
    world.cells = cells;
    checkFiles(world);
  };
  return explore({ ...recyclingModel(world, change(programs()), 1), check });
}

const same = (all: Programs): Programs => all;

describe('every interleaving of 2 writers, 2 readers and a death', () => {
  test.each<[string, Scenario]>([
    ['sets of one key', { operations: [[set(5), set(6)], [set(7, 0, 2)], read, read], options: both }],
    ['sets of two keys', { operations: [[set(5), set(6, 0, 2)], [set(7, 1)], read, readOther], options: both }],
    ['a first write', { operations: [[set(5)], [set(6, 1), set(7, 1)], read, readOther], options: one }],
    [
      'no exchange',
      { operations: [[set(5), set(6)], [set(7, 1)], read, readOther], options: { ...both, exchange: 'not there' } },
    ],
    ['long versions and mappings', { operations: [[set(5), set(6, 0, 3)], [set(7, 1)], map, map], options: long }],
    ['a delete', { operations: [[set(5), set(6)], [remove, set(7, 1)], read, read], options: both }],
    ['a file given up, and a sweep', { operations: [[set(5), set(6)], [giveUp, sweep], read, read], options: both }],
    ['a start of the machine', { operations: [[set(5), set(6)], [set(7, 1)], [boot], readOther], options: both }],
    ['a call that fails', { operations: [[set(5), set(6)], [sweep, set(7, 1)], read], options: one, failures: 1 }],
  ])('%s', (_, scenario) => {
    const { violation, path } = exploreAll(scenario);
    expect({ violation, path }).toEqual({ violation: undefined, path: undefined });
  });
});

/** Small enough to be explored for every change to the steps, and large enough to show what each is for. */
const SCENARIOS: readonly Scenario[] = [
  { operations: [[set(5), set(7)], [set(6, 1)], readOther], options: both },
  { operations: [[set(5), set(7)], [set(6, 1)], read], options: one },
  { operations: [[set(5), set(7)], [set(6, 1)], map], options: long },
  { operations: [[set(5)], [giveUp, sweep], read], options: one },
  { operations: [[set(5), set(7)], [sweep], read], options: one, crashes: 0, failures: 1 },
];

function firstViolation(change: (all: Programs) => Programs): string {
  for (const scenario of SCENARIOS) {
    const { violation } = exploreAll(scenario, change);
    if (violation !== undefined) return violation;
  }
  return 'nothing';
}

type Which = keyof Programs;

function without(which: Which, part: Part, name: string) {
  return (all: Programs): Programs => {
    const index = indexOf(all[which], part, name);
    return { ...all, [which]: all[which].filter((_, place) => place !== index) };
  };
}

/** Swaps an action with the one that follows on its way. */
function swapped(which: Which, part: Part, name: string) {
  return (all: Programs): Programs => {
    const list = [...all[which]];
    const index = indexOf(list, part, name);
    const next = followerOf(list, index);
    [list[index], list[next]] = [list[next] as Action, list[index] as Action];
    return { ...all, [which]: list };
  };
}

/** Of a write that did not fail the next is none of those that undo it. */
function followerOf(list: readonly Action[], index: number): number {
  const part = list[index]?.part;
  return list.findIndex((action, place) => place > index && (action.part !== 'abandon' || part === 'abandon'));
}

/** Another thing in the place of a step. */
function instead(which: Which, name: string, ...runs: ((actor: Actor) => undefined)[]) {
  return (all: Programs): Programs => ({
    ...all,
    [which]: all[which].flatMap((action) =>
      action.name === name ? runs.map((run) => ({ name, part: action.part, run })) : [action],
    ),
  });
}

function indexOf(list: readonly Action[], part: Part, name: string): number {
  const index = list.findIndex((action) => action.part === part && action.name === name);
  if (index === -1) throw new Error(`no ${name}`);
  return index;
}

const CHANGED = 'what a reader has open changes';
const TORN = 'a published entry is not whole';
const FAILS = 'a write fails';
const LOST = 'a write is lost';
const UNUSED = 'a file is left that nobody will use';
const NO_FILE = 'the word speaks of a file that is not there';
const MAKES = 'at rest, a third write makes a file';
const OPEN = 'a file is left open';
const MISSES = 'a read misses an entry that is there';
const COUNTED = 'a reader that lives stays counted, or takes somebody else off';
const PLACES = 'a file is in two places';
const NEVER = 'everybody waits for a lock that is never released';

type Row = [Which, Part, string, string];

const MISSED: Row[] = [
  ['write', 'lock', 'lock', UNUSED],
  ['write', 'write', 'loadSpare', MAKES],
  ['write', 'write', 'clearSpare', NO_FILE],
  ['write', 'write', 'lookForReaders', CHANGED],
  ['write', 'write', 'reopen', MAKES],
  ['write', 'write', 'clearAway', FAILS],
  ['write', 'write', 'makeAnew', FAILS],
  ['write', 'write', 'write', TORN],
  ['write', 'write', 'cut', TORN],
  ['write', 'write', 'close', OPEN],
  ['write', 'write', 'lookAtEntry', MAKES],
  ['write', 'write', 'publish', LOST],
  ['write', 'write', 'keepShort', UNUSED],
  ['write', 'write', 'removeLong', UNUSED],
  ['write', 'abandon', 'closeUnwritten', OPEN],
  ['write', 'abandon', 'removeUnpublished', UNUSED],
  ['write', 'unlock', 'unlock', NEVER],
  ['read', 'begin', 'countIn', COUNTED],
  ['read', 'begin', 'openEntry', MISSES],
  ['read', 'end', 'closeEntry', OPEN],
  ['read', 'end', 'countOut', COUNTED],
  ['giveUp', 'lock', 'lock', FAILS],
  ['giveUp', 'work', 'clearSpare', NO_FILE],
  ['giveUp', 'work', 'clearAway', UNUSED],
  ['giveUp', 'unlock', 'unlock', NEVER],
  ['sweep', 'lock', 'lock', FAILS],
  ['sweep', 'work', 'passOverKept', NO_FILE],
  ['sweep', 'work', 'clearAway', UNUSED],
  ['sweep', 'unlock', 'unlock', NEVER],
];

const MISPLACED: Row[] = [
  ['write', 'lock', 'lock', CHANGED],
  ['write', 'write', 'loadSpare', MAKES],
  ['write', 'write', 'lookForReaders', CHANGED],
  ['write', 'write', 'reopen', MAKES],
  ['write', 'write', 'clearAway', FAILS],
  ['write', 'write', 'makeAnew', FAILS],
  ['write', 'write', 'cut', FAILS],
  ['write', 'write', 'lookAtEntry', MAKES],
  ['write', 'write', 'publish', UNUSED],
  ['write', 'write', 'removeLong', UNUSED],
  ['write', 'abandon', 'removeUnpublished', UNUSED],
  ['read', 'begin', 'countIn', CHANGED],
  ['read', 'end', 'closeEntry', CHANGED],
  ['giveUp', 'lock', 'lock', NO_FILE],
  ['giveUp', 'work', 'clearSpare', NO_FILE],
  ['giveUp', 'work', 'clearAway', FAILS],
  ['sweep', 'lock', 'lock', NO_FILE],
  ['sweep', 'work', 'passOverKept', NO_FILE],
  ['sweep', 'work', 'clearAway', NO_FILE],
];

/** docs/protocol.md says of each of these why it is there though it could be left out, or why it stands where it does. */
const SPARED: [Which, Part, string][] = [
  ['write', 'write', 'removeFormer'],
  ['write', 'write', 'make'],
];

const FREE: [Which, Part, string][] = [
  ['write', 'write', 'clearSpare'],
  ['write', 'write', 'removeFormer'],
  ['write', 'write', 'make'],
  ['write', 'write', 'write'],
  ['write', 'write', 'close'],
  ['write', 'write', 'keepShort'],
  ['write', 'abandon', 'closeUnwritten'],
];

describe('recycled files: a step that is taken out is missed', () => {
  test.each(MISSED)('%s, %s: %s', (which, part, name, violation) => {
    expect(firstViolation(without(which, part, name))).toBe(violation);
  });

  test('a word that is not cleared lets a file be written that somebody reads', () => {
    const operations = [[set(5)], [set(6, 1)], [set(7)], readOther];
    const { violation } = exploreFiles({ operations, options: both }, without('write', 'write', 'clearSpare'));
    expect(violation).toBe(CHANGED);
  });
});

describe('recycled files: two steps that are swapped are missed', () => {
  test.each(MISPLACED)('%s, %s: %s and the one that follows', (which, part, name, violation) => {
    expect(firstViolation(swapped(which, part, name))).toBe(violation);
  });
});

describe('recycled files: steps and orders that are free', () => {
  test.each(SPARED)('%s, %s: %s may be left out', (which, part, name) => {
    expect(firstViolation(without(which, part, name))).toBe('nothing');
  });

  test.each(FREE)('%s, %s: %s and the one that follows', (which, part, name) => {
    expect(firstViolation(swapped(which, part, name))).toBe('nothing');
  });

  test('every step and every order of two stands in one of these lists', () => {
    // What a reader does with the file is none of the protocol.
    const isStep = ({ name }: Action) => name !== 'answer' && name !== 'unmap';
    const names = Object.entries(programs()).flatMap(([which, list]: [string, readonly Action[]]) =>
      list.filter(isStep).map(({ part, name }) => `${which} ${part} ${name}`),
    );
    const named = (rows: readonly (readonly string[])[]) => rows.map((row) => row.slice(0, 3).join(' ')).sort();
    expect(named([...MISSED, ...SPARED])).toEqual(names.toSorted());
    const last = [
      'write unlock unlock',
      'read begin openEntry',
      'read end countOut',
      'giveUp unlock unlock',
      'sweep unlock unlock',
    ];
    expect(named([...MISPLACED, ...FREE])).toEqual(names.filter((name) => !last.includes(name)).sort());
  });
});

describe('recycled files: another rule', () => {
  const store = ({ world }: Actor, spare: number) => world.store(SPARE_WORD, spare);

  test.each<[string, string, (all: Programs) => Programs]>([
    [
      'looking for readers of the key that is written',
      CHANGED,
      instead('write', 'lookForReaders', (actor) => {
        actor.isRead = actor.world.words.hasReaders(actor.slot);
        return undefined;
      }),
    ],
    [
      'noting the same slot for every file',
      CHANGED,
      instead('write', 'keepShort', (actor) => {
        if (actor.published === 'exchanged' && actor.oldLength <= LONGEST_SPARE) store(actor, 1);
        return undefined;
      }),
    ],
    [
      'keeping long files, which may be mapped by somebody who is not counted any more',
      CHANGED,
      (all) =>
        instead('write', 'keepShort', (actor) => {
          if (actor.published === 'exchanged') store(actor, actor.slot + 1);
          return undefined;
        })(without('write', 'write', 'removeLong')(all)),
    ],
    [
      'keeping also what was renamed',
      NO_FILE,
      instead('write', 'keepShort', (actor) => {
        if (actor.oldLength <= LONGEST_SPARE) store(actor, actor.slot + 1);
        return undefined;
      }),
    ],
    [
      'a second name, and then without the first one',
      PLACES,
      instead(
        'write',
        'publish',
        ({ world, slot }) => void world.store(ENTRIES + slot, world.cell(SPARE)),
        (actor) => {
          actor.remove();
          actor.set(PUBLISHED, 2);
          return undefined;
        },
      ),
    ],
  ])('%s', (_, violation, change) => {
    expect(firstViolation(change)).toBe(violation);
  });
});

test('recycled files: to remove an entry before its name is taken lets a reader miss it', () => {
  const unlink = ({ world, slot }: Actor) => void world.store(ENTRIES + slot, 0);
  const rename = (actor: Actor) => {
    actor.world.store(ENTRIES + actor.slot, actor.world.cell(SPARE));
    actor.remove();
    return undefined;
  };
  const operations = [[set(5)], read];
  expect(exploreFiles({ operations, options: one }, instead('write', 'publish', unlink, rename)).violation).toBe(
    MISSES,
  );
});

describe('recycled files: a count of readers that comes round to 0', () => {
  const counted = (mostReaders: number) =>
    exploreAll({ operations: [[set(5), set(7)], read, read], options: { ...one, mostReaders } }).violation;

  test('lets a file be written that somebody reads', () => {
    expect(counted(2)).toBe(CHANGED);
  });

  test('takes as many readers that are there, or died', () => {
    expect(counted(3)).toBe(undefined);
  });
});
