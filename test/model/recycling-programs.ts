import { type RecyclingOutcome, type RecyclingWords, recycling } from '../../src/cache/shared/recycling.js';
import { Violation } from './explore.js';
import {
  type Action,
  type Actor,
  ENTRIES,
  FAILED,
  FILES,
  HOLDER,
  LEFT,
  MAPPED,
  OPEN,
  type Operation,
  type Part,
  type Result,
  SEEN,
  SPARE_WORD,
} from './recycling-world.js';

/** The lists that a test may change before the model is made. */
export interface Programs {
  readonly write: readonly Action[];
  readonly read: readonly Action[];
  readonly giveUp: readonly Action[];
  readonly sweep: readonly Action[];
}

export function programs(): Programs {
  const locked = (part: Part, actions: readonly Action[]) => [
    LOCK,
    ...actions,
    ...(part === 'write' ? stepActions('abandon', recycling.abandon) : []),
    UNLOCK,
  ];
  return {
    write: locked('write', stepActions('write', recycling.write)),
    read: [
      ...stepActions('begin', recycling.begin),
      { name: 'answer', part: 'read', run: answer },
      ...stepActions('end', recycling.end),
      { name: 'unmap', part: 'end', run: unmap },
    ],
    giveUp: locked('work', stepActions('work', recycling.giveUp)),
    sweep: locked('work', stepActions('work', recycling.sweep)),
  };
}

/** What an actor runs. Deletes and the first opening of a cache have no steps of this protocol. */
export function programOf({ write, read, giveUp, sweep }: Programs, { kind }: Operation): readonly Action[] {
  switch (kind) {
    case 'set':
      return write;
    case 'read':
    case 'map':
      return read;
    case 'giveUp':
      return giveUp;
    case 'sweep':
      return sweep;
    case 'delete':
      return DELETE;
    case 'boot':
      return BOOT;
  }
}

type AnyStep = (words: RecyclingWords, actor: Actor) => RecyclingOutcome;

function stepActions(part: Part, steps: readonly AnyStep[]): Action[] {
  return steps.map((step) => ({
    name: step.name,
    part,
    run: (actor) => resultOf(step(actor.world.words, actor)),
  }));
}

function resultOf(outcome: RecyclingOutcome): Result {
  if (outcome === 'damaged') throw new Violation('a word is damaged, though nobody did that');
  return outcome === 'kept' ? { goTo: 'unlock' } : undefined;
}

const LOCK: Action = {
  name: 'lock',
  part: 'lock',
  run({ world, index }) {
    if (world.load(HOLDER) !== 0) return 'blocked';
    world.store(HOLDER, index + 1);
    return undefined;
  },
};

const UNLOCK: Action = {
  name: 'unlock',
  part: 'unlock',
  run(actor) {
    const { world, operation } = actor;
    if (world.cell(HOLDER) === actor.index + 1) world.store(HOLDER, 0);
    if (operation?.kind !== 'set' || actor.get(FAILED) === 1) return undefined;
    const entry = world.cell(ENTRIES + operation.slot);
    if (entry === 0 || world.cell(FILES + 2 * entry) !== operation.value) throw new Violation('a write is lost');
    return undefined;
  },
};

const DELETE: readonly Action[] = [
  LOCK,
  {
    name: 'unlink',
    part: 'work',
    run({ world, slot }) {
      world.store(ENTRIES + slot, 0);
      return undefined;
    },
  },
  UNLOCK,
];

const BOOT: readonly Action[] = [
  {
    name: 'boot',
    part: 'work',
    run({ world }) {
      world.store(SPARE_WORD, 0);
      world.store(LEFT, 1);
      return undefined;
    },
  },
];

function answer(actor: Actor): Result {
  const { world, slot } = actor;
  if (actor.get(OPEN) === 0 && world.isAlwaysThere(slot)) throw new Violation('a read misses an entry that is there');
  return undefined;
}

function unmap(actor: Actor): Result {
  if (actor.get(MAPPED) === 0) return undefined;
  actor.world.touch();
  actor.set(MAPPED, 0);
  actor.set(SEEN, 0);
  return undefined;
}
