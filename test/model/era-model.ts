import {
  ACTOR_LENGTH,
  ACTORS,
  type Action,
  CLEAN,
  CRASHES,
  CURRENT,
  DEAD,
  DISK,
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
  NAMED,
  OPERATION,
  PLACE,
  SHARD_LOCK,
} from './era-world.js';
import { type Model, Violation } from './explore.js';

/** Everybody has era 1 open; it holds value 1, which the first `hitters` actors have in memory. */
export function eraModel(world: EraWorld, programs: EraPrograms, crashes: number, hitters: readonly number[]): Model {
  const initial = new Uint8Array(ACTORS + world.actors.length * ACTOR_LENGTH);
  world.cells = initial;
  world.setEra(1, LIVE, 1);
  world.setEra(1, FOLDER, IN_PLACE);
  world.setEra(1, EPOCH_WORD, 2);
  world.setEra(1, DISK, 1);
  world.set(NAMED, 1);
  world.set(CURRENT, 1);
  world.set(CRASHES, crashes);
  for (const actor of world.actors) {
    actor.set(ERA, 1);
    if (!hitters.includes(actor.index)) continue;
    actor.set(KEPT_VALUE, 1);
    actor.set(KEPT_EPOCH, 2);
    actor.set(KEPT_ERA, 1);
  }
  const on = (work: () => boolean) => (cells: Uint8Array) => {
    world.cells = cells;
    return work();
  };
  return {
    initial: initial.slice(),
    moves: world.actors.flatMap((actor) => [
      [`${actor.index} ${actor.tasks[0]?.kind}`, on(() => go(actor, programs))] as const,
      [`${actor.index} dies`, on(() => die(world, actor))] as const,
    ]),
    check: (cells, final) => {
      if (final === 'final') checkFinished(world, cells);
    },
  };
}

/** Actions that touch nothing that anybody else can see. */
const LOCAL = new Set(['refuseOdd', 'answer', 'keep', 'give', 'return', 'found', 'again', 'cleared']);

/** One action, with the local ones that follow; the beginning of a task is taken together with its first action. */
function go(actor: EraActor, programs: EraPrograms): boolean {
  const { task } = actor;
  if (task === undefined || actor.get(DEAD) === 1) return false;
  const operation = actor.get(OPERATION);
  const program = programs[task.kind];
  const nextName = () => (actor.get(OPERATION) === operation ? (program[actor.get(PLACE)]?.name ?? '') : '');
  if (nextName() === 'begin') goOnce(actor, program);
  if (!goOnce(actor, program)) return false;
  while (LOCAL.has(nextName())) goOnce(actor, program);
  return true;
}

function goOnce(actor: EraActor, program: readonly Action[]): boolean {
  const result = program[actor.get(PLACE)]?.run(actor);
  if (result === 'blocked') return false;
  if (result === 'again') return true;
  if (result === 'done') {
    actor.forget();
    actor.set(OPERATION, actor.get(OPERATION) + 1);
    return true;
  }
  if (result === 'clean') actor.set(CLEAN, 1);
  let place = actor.get(PLACE) + 1;
  if (typeof result === 'object') place = program.findIndex(({ part }) => part === result.goTo);
  while (actor.get(CLEAN) === 1 && program[place]?.part === 'enter') place += 1;
  actor.set(PLACE, place);
  return true;
}

function die(world: EraWorld, actor: EraActor): boolean {
  if (world.get(CRASHES) === 0 || actor.get(DEAD) === 1 || actor.get(PLACE) === 0) return false;
  world.set(CRASHES, world.get(CRASHES) - 1);
  if (world.get(FORMAT_LOCK) === actor.index + 1) world.set(FORMAT_LOCK, 0);
  for (let era = 1; era <= ERAS; era += 1) {
    if (world.era(era, SHARD_LOCK) === actor.index + 1) world.setEra(era, SHARD_LOCK, 0);
  }
  actor.forget();
  for (const cell of [OPERATION, ERA, KEPT_VALUE, KEPT_EPOCH, KEPT_ERA, LOOKED]) actor.set(cell, 0);
  actor.set(DEAD, 1);
  return true;
}

function checkFinished(world: EraWorld, cells: Uint8Array): void {
  world.cells = cells;
  for (const actor of world.actors) {
    if (actor.get(DEAD) === 0 && actor.task !== undefined) throw new Violation('somebody waits for ever');
  }
}
