import { type NextEra, nextEraSteps } from '../../src/cache/era/eras.js';
import { type HitStep, protocol, type Step } from '../../src/cache/shared/protocol.js';
import {
  type Action,
  ASIDE,
  CLEAN,
  CURRENT,
  DISK,
  EPOCH,
  EPOCH_WORD,
  ERA,
  ERAS,
  type EraActor,
  type EraPrograms,
  type EraWorld,
  FOLDER,
  FORMAT_LOCK,
  IN_PLACE,
  KEPT_EPOCH,
  KEPT_ERA,
  KEPT_VALUE,
  LIVE,
  LOOKED,
  MAY_GIVE,
  NAMED,
  NEXT,
  NOWHERE,
  OUTCOME,
  PLACE,
  READ_NAME,
  REMOVED,
  type Result,
  SHARD_LOCK,
  VALUE,
} from './era-world.js';
import { Violation } from './explore.js';

export function eraPrograms(world: EraWorld): EraPrograms {
  const next = nextEra(world);
  const find: Action[] = [
    {
      name: 'read format',
      part: 'find',
      run: (actor) => {
        actor.set(READ_NAME, world.get(NAMED));
        return undefined;
      },
    },
    { name: 'open', part: 'find', run: (actor) => (open(world, actor) ? { goTo: 'found' } : undefined) },
    { name: 'lock format', part: 'find', run: (actor) => lockFormat(world, actor) },
    {
      name: 'look again',
      part: 'find',
      run: (actor) => {
        actor.set(READ_NAME, world.get(NAMED));
        return open(world, actor) ? { goTo: 'unlock format' } : undefined;
      },
    },
    ...next,
    { name: 'unlock format', part: 'unlock format', run: (actor) => unlockFormat(world, actor) },
    { name: 'found', part: 'found', run: () => ({ goTo: 'again' }) },
  ];
  return {
    read: [begin(world), ...readProgram(world), ...find, again('hit')],
    set: [begin(world), ...setProgram(world), ...find, again('lock')],
    clear: [
      { name: 'lock format', part: 'lock', run: (actor) => lockFormat(world, actor) },
      ...next,
      { name: 'unlock format', part: 'unlock', run: (actor) => unlockFormat(world, actor) },
      { name: 'cleared', part: 'done', run: () => 'done' },
    ],
    remove: [{ name: 'remove', part: 'remove', run: () => remove(world) }],
    look: [{ name: 'look', part: 'look', run: (actor) => look(world, actor) }],
  };
}

function begin(world: EraWorld): Action {
  return {
    name: 'begin',
    part: 'begin',
    run: (actor) => {
      actor.set(MAY_GIVE, 1 << world.get(CURRENT));
      return undefined;
    },
  };
}

function again(part: string): Action {
  return { name: 'again', part: 'again', run: () => ({ goTo: part }) };
}

function readProgram(world: EraWorld): Action[] {
  return [
    ...protocol.hit.map((step: HitStep) => ({
      name: step.name,
      part: 'hit',
      run: (actor: EraActor): Result => {
        const era = actor.get(KEPT_ERA);
        if (era === 0) return { goTo: 'look' };
        const outcome = step(world.words(era), { era, slot: 0, epoch: actor.get(KEPT_EPOCH) });
        return outcome === undefined ? undefined : { goTo: 'look' };
      },
    })),
    {
      name: 'answer',
      part: 'hit',
      run: (actor) => {
        give(world, actor, actor.get(KEPT_VALUE));
        return 'done';
      },
    },
    ...stepActions(world, 'look', protocol.beforeReading),
    {
      name: 'read the disk',
      part: 'read',
      run: (actor) => {
        const era = actor.get(ERA);
        const there = world.era(era, FOLDER) === IN_PLACE;
        actor.set(VALUE, there ? world.era(era, DISK) : 0);
        return undefined;
      },
    },
    ...stepActions(world, 'read', protocol.afterReading),
    {
      name: 'keep',
      part: 'read',
      run: (actor) => {
        const value = actor.get(VALUE);
        actor.set(KEPT_VALUE, value);
        actor.set(KEPT_EPOCH, value === 0 ? 0 : actor.get(EPOCH));
        actor.set(KEPT_ERA, value === 0 ? 0 : actor.get(ERA));
        give(world, actor, value);
        return 'done';
      },
    },
    {
      name: 'read without keeping',
      part: 'odd',
      run: (actor) => {
        // Somebody is at work, or died at it: the repair is the other model's affair.
        const era = actor.get(ERA);
        actor.set(VALUE, world.era(era, FOLDER) === IN_PLACE ? world.era(era, DISK) : 0);
        return undefined;
      },
    },
    ...stepActions(world, 'odd', protocol.afterReading),
    {
      name: 'give',
      part: 'odd',
      run: (actor) => {
        give(world, actor, actor.get(VALUE));
        return 'done';
      },
    },
  ];
}

function setProgram(world: EraWorld): Action[] {
  return [
    {
      name: 'lock',
      part: 'lock',
      run: (actor) => {
        const era = actor.get(ERA);
        if (world.era(era, SHARD_LOCK) !== 0) return 'blocked';
        world.setEra(era, SHARD_LOCK, actor.index + 1);
        return undefined;
      },
    },
    ...stepActions(world, 'enter', protocol.enter),
    ...stepActions(world, 'begin', protocol.begin),
    { name: 'publish', part: 'work', run: (actor) => publish(world, actor) },
    ...stepActions(world, 'finish', protocol.finish),
    {
      name: 'unlock',
      part: 'unlock',
      run: (actor) => {
        world.setEra(actor.get(ERA), SHARD_LOCK, 0);
        actor.set(CLEAN, 0);
        return actor.get(VALUE) === 0 ? { goTo: 'find' } : undefined;
      },
    },
    {
      name: 'return',
      part: 'unlock',
      run: (actor) => {
        if (actor.get(OUTCOME) === 0 && world.isBound(actor)) throw new Violation('a write is lost');
        return 'done';
      },
    },
  ];
}

/** Into the folder of the era, wherever others think the cache is. A path that fails ends the era. */
function publish(world: EraWorld, actor: EraActor): Result {
  const era = actor.get(ERA);
  const value = actor.task?.kind === 'set' ? actor.task.value : 0;
  if (world.era(era, FOLDER) !== IN_PLACE) {
    world.end(era);
    return undefined;
  }
  world.setEra(era, DISK, value);
  actor.set(VALUE, value);
  if (world.era(era, LIVE) === 1) {
    world.become(value);
    actor.set(OUTCOME, actor.get(OUTCOME) | 1);
    return undefined;
  }
  // The end of the era, which is under way, comes after this write, and after reads that see it.
  for (const other of world.actors) {
    if (other.get(PLACE) !== 0 && other.get(ERA) === era) other.set(MAY_GIVE, other.get(MAY_GIVE) | (1 << value));
  }
  return undefined;
}

function stepActions(world: EraWorld, part: string, steps: readonly Step[]): Action[] {
  return steps.map((step) => ({
    name: step.name,
    part,
    run: (actor) => {
      const outcome = step(world.words(actor.get(ERA)), actor);
      if (outcome === 'clean') return 'clean';
      if (outcome === 'odd') return { goTo: 'odd' };
      if (outcome === 'damaged') throw new Violation('damaged, though nothing was');
      if (outcome === undefined) return undefined;
      return { goTo: part === 'enter' ? 'unlock' : 'find' };
    },
  }));
}

function give(world: EraWorld, actor: EraActor, value: number): void {
  if (!world.isBound(actor) || (actor.get(MAY_GIVE) & (1 << value)) !== 0) return;
  throw new Violation(
    value === 0 ? 'a read misses what is there' : 'a read gives what was not current at any instant of it',
  );
}

/** An era is opened where its folder is in place and its number is there. */
function open(world: EraWorld, actor: EraActor): boolean {
  const era = actor.get(READ_NAME);
  if (era === 0 || world.era(era, FOLDER) !== IN_PLACE || world.era(era, LIVE) === 0) return false;
  actor.set(ERA, era);
  if (world.get(REMOVED) === 1) actor.set(LOOKED, 1);
  return true;
}

function lockFormat(world: EraWorld, actor: EraActor): Result {
  if (world.get(FORMAT_LOCK) !== 0) return 'blocked';
  world.set(FORMAT_LOCK, actor.index + 1);
  return undefined;
}

function unlockFormat(world: EraWorld, actor: EraActor): Result {
  if (world.get(FORMAT_LOCK) === actor.index + 1) world.set(FORMAT_LOCK, 0);
  return undefined;
}

function nextEra(world: EraWorld): Action[] {
  const inPlace = () => {
    for (let era = 1; era <= ERAS; era += 1) if (world.era(era, FOLDER) === IN_PLACE) return era;
    return 0;
  };
  const live = () => {
    for (let era = 1; era <= ERAS; era += 1) {
      if (world.era(era, FOLDER) === IN_PLACE && world.era(era, LIVE) === 1) return era;
    }
    return 0;
  };
  const steps = (actor: EraActor): NextEra & Record<string, () => Result> => ({
    endFound: () => {
      const era = live();
      if (era === 0) return undefined;
      world.end(era);
      return 'again';
    },
    setAside: () => {
      const era = inPlace();
      if (era === 0) return undefined;
      world.setEra(era, FOLDER, ASIDE);
      return 'again';
    },
    // It was built before, where nobody could see it: whoever dies at that, or finds that another was faster, leaves nothing that counts.
    place: () => {
      let era = 1;
      while (era <= ERAS && world.era(era, FOLDER) !== NOWHERE) era += 1;
      if (era > ERAS) throw new Violation('eras are made without end');
      world.setEra(era, FOLDER, IN_PLACE);
      world.setEra(era, LIVE, 1);
      world.setEra(era, EPOCH_WORD, 2);
      actor.set(NEXT, era);
      return undefined;
    },
    publish: () => {
      const era = actor.get(NEXT);
      world.set(NAMED, era);
      actor.set(ERA, era);
      if (world.get(REMOVED) === 1) actor.set(LOOKED, 1);
      return undefined;
    },
  });
  return nextEraSteps.map((step) => ({ name: step, part: 'next', run: (actor) => steps(actor)[step]() as Result }));
}

/** Everything is moved away at once, `format` and its lock with it. Nobody is told. */
function remove(world: EraWorld): Result {
  for (let era = 1; era <= ERAS; era += 1) if (world.era(era, FOLDER) === IN_PLACE) world.setEra(era, FOLDER, ASIDE);
  world.set(NAMED, 0);
  world.set(REMOVED, 1);
  // Who held the lock of the old `format` holds nothing of the new one.
  world.set(FORMAT_LOCK, 0);
  world.become(0);
  return 'done';
}

/** Once a second, and after many hits: does the era still stand at its path? */
function look(world: EraWorld, actor: EraActor): Result {
  if (world.era(actor.get(ERA), FOLDER) !== IN_PLACE) world.end(actor.get(ERA));
  if (world.get(REMOVED) === 1) actor.set(LOOKED, 1);
  return 'done';
}
