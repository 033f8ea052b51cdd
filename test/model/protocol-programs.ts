import { type HitStep, isOdd, type Outcome, protocol, type Step } from '../../src/cache/shared/protocol.js';
import { Violation } from './explore.js';
import {
  type Action,
  type Actor,
  BUSY,
  CLEAN,
  DISK,
  EPOCH,
  EPOCHS,
  ERA,
  GHOST,
  HOLDER,
  KEPT_EPOCH,
  KEPT_VALUE,
  LEASES,
  NOTE,
  OVERWRITTEN,
  type Part,
  type Result,
  TOTAL,
  UNTOUCHED,
  VALUE,
  type World,
} from './protocol-world.js';

/** The lists that a test may change before the model is made. */
export interface Programs {
  readonly write: readonly Action[];
  readonly read: readonly Action[];
}

export function programs(world: World): Programs {
  return { write: writeProgram(world), read: readProgram(world) };
}

function writeProgram(world: World): Action[] {
  return [
    { name: 'lock', part: 'lock', run: (actor) => lock(world, actor) },
    ...stepActions(world, 'enter', protocol.enter),
    ...stepActions(world, 'begin', protocol.begin),
    { name: 'publish', part: 'work', run: (actor) => publish(world, actor) },
    {
      name: 'totals',
      part: 'work',
      run: (actor) => {
        world.store(TOTAL, world.cell(TOTAL) + actor.get(NOTE) - 1);
        return undefined;
      },
    },
    ...stepActions(world, 'finish', protocol.finish),
    { name: 'unlock', part: 'unlock', run: (actor) => unlock(world, actor) },
  ];
}

export function readProgram(world: World): Action[] {
  return [
    ...hitActions(world),
    {
      name: 'answer',
      part: 'hit',
      run: (actor) => {
        if (actor.get(GHOST) === 0)
          throw new Violation('a hit gives a value that was not current at any instant of it');
        return 'done';
      },
    },
    ...stepActions(world, 'look', protocol.beforeReading),
    {
      name: 'read the disk',
      part: 'read',
      run: (actor) => {
        actor.set(VALUE, world.cell(DISK + actor.key));
        return undefined;
      },
    },
    ...stepActions(world, 'read', protocol.afterReading),
    { name: 'keep', part: 'read', run: keep },
    {
      name: 'try the lock',
      part: 'repair',
      run: (actor) => {
        if (lock(world, actor) === undefined) return undefined;
        actor.set(NOTE, 1);
        return { goTo: 'read' };
      },
    },
    ...stepActions(world, 'enter', protocol.enter),
    {
      name: 'leave',
      part: 'repair',
      run: (actor) => {
        unlock(world, actor);
        actor.set(CLEAN, 0);
        return { goTo: 'look' };
      },
    },
  ];
}

function hitActions(world: World): Action[] {
  return protocol.hit.map((step: HitStep) => ({
    name: step.name,
    part: 'hit',
    run: (actor) => {
      if (actor.get(KEPT_EPOCH) === 0) return { goTo: 'look' };
      if (actor.get(KEPT_VALUE) === world.cell(DISK + actor.key)) actor.set(GHOST, 1);
      const kept = { era: ERA, slot: actor.slot, epoch: actor.get(KEPT_EPOCH) };
      return step(world.words, kept) === undefined ? undefined : { goTo: 'look' };
    },
  }));
}

function stepActions(world: World, part: Part, steps: readonly Step[]): Action[] {
  return steps.map((step) => ({ name: step.name, part, run: (actor) => resultOf(step(world.words, actor)) }));
}

function resultOf(outcome: Outcome | undefined): Result {
  if (outcome === 'clean') return 'clean';
  if (outcome === 'odd') return { goTo: 'repair' };
  if (outcome !== undefined) throw new Violation(`${outcome}, though nothing was`);
  return undefined;
}

function lock(world: World, actor: Actor): Result {
  if (world.cell(HOLDER) !== 0) return 'blocked';
  world.store(HOLDER, actor.index + 1);
  world.locked(actor);
  return undefined;
}

/** A live holder leaves the epochs even, and nobody busy. */
function unlock(world: World, actor: Actor): Result {
  if (world.cell(HOLDER) !== actor.index + 1) return undefined;
  world.store(HOLDER, 0);
  if (isOdd(world.cell(EPOCHS)) || isOdd(world.cell(EPOCHS + 1)))
    throw new Violation('a live holder leaves an odd epoch');
  if (world.cell(BUSY) !== 0) throw new Violation('a live holder leaves the shard busy');
  return undefined;
}

function publish(world: World, actor: Actor): Result {
  const { operation } = actor;
  if (operation?.kind === 'flight' && actor.get(GHOST) === OVERWRITTEN) {
    throw new Violation('a lease stores over a later set or delete');
  }
  world.publish(actor, operation?.kind === 'set' || operation?.kind === 'flight' ? operation.value : 0);
  return undefined;
}

function keep(actor: Actor): Result {
  const kept = actor.get(NOTE) === 0 && actor.get(VALUE) !== 0;
  actor.set(KEPT_VALUE, kept ? actor.get(VALUE) : 0);
  actor.set(KEPT_EPOCH, kept ? actor.get(EPOCH) : 0);
  return 'done';
}

/** A flight: a look under the lock, a lease, a load; then a write that asks for the lease first. */
export function flightProgram(world: World, write: readonly Action[]): Action[] {
  const firstWord = write.findIndex(({ part }) => part === 'begin');
  return [
    ...writeProgram(world).filter(({ part }) => part === 'lock' || part === 'enter'),
    {
      name: 'lease',
      part: 'lease',
      run: (actor) => {
        world.store(LEASES + actor.slot, actor.keyMark);
        actor.set(GHOST, UNTOUCHED);
        return undefined;
      },
    },
    {
      name: 'load',
      part: 'lease',
      run: (actor) => {
        unlock(world, actor);
        actor.set(CLEAN, 0);
        return undefined;
      },
    },
    ...write.slice(0, firstWord),
    {
      name: 'ask for the lease',
      part: 'lease',
      run: (actor) => {
        if (world.cell(LEASES + actor.slot) === actor.keyMark) return undefined;
        if (actor.get(GHOST) === UNTOUCHED) throw new Violation('a load that nobody wrote over loses its lease');
        return { goTo: 'unlock' };
      },
    },
    ...write.slice(firstWord),
  ];
}
