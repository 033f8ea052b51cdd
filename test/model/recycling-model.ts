import { type Model, Violation } from './explore.js';
import { type Programs, programOf } from './recycling-programs.js';
import {
  ACTOR_LENGTH,
  ACTORS,
  type Action,
  type Actor,
  COUNTED,
  CRASHES,
  DEAD,
  ENTRIES,
  FAILED,
  FAILURES,
  Failure,
  FILES,
  fileCells,
  HOLDER,
  LATER,
  LEAKED,
  LEFT,
  MAPPED,
  MOST_FILES,
  OPEN,
  OPERATION,
  type Operation,
  type Part,
  PLACE,
  READERS,
  SEEN,
  SPARE,
  SPARE_WORD,
  type World,
} from './recycling-world.js';

/** All that may happen to these actors. */
export function recyclingModel(world: World, all: Programs, crashes: number, failures = 0): Model {
  const on = (work: () => boolean) => (cells: Uint8Array) => {
    world.cells = cells;
    return work();
  };
  const dying = (actor: Actor) => [`actor ${actor.index} dies`, on(() => die(world, actor))] as const;
  const failing = (actor: Actor) => [`a call of actor ${actor.index} fails`, on(() => fail(actor, all))] as const;
  return {
    initial: world.initial(crashes, failures),
    moves: [
      ...world.actors.map((actor) => [`actor ${actor.index}`, on(() => act(actor, all))] as const),
      ...(crashes > 0 ? world.actors.map(dying) : []),
      ...(failures > 0 ? world.actors.map(failing) : []),
    ],
    canonical: (cells) => {
      nameFiles(world, cells);
      if (orderReaders(world, cells)) nameFiles(world, cells);
    },
    check: (cells, final) => {
      world.cells = cells;
      checkFiles(world);
      checkSpare(world);
      if (final === 'final') checkAtRest(world, all);
    },
  };
}

/** What nobody else sees, and the first thing that others do: whether others act before or after the former comes to the same. */
function act(actor: Actor, all: Programs): boolean {
  const { world, operation } = actor;
  if (operation === undefined || actor.get(DEAD) === 1) return false;
  const program = programOf(all, operation);
  const number = actor.get(OPERATION);
  world.current = actor;
  world.touched = false;
  do {
    if (!actOnce(actor, program)) return false;
  } while (!world.touched && actor.get(OPERATION) === number);
  return true;
}

function actOnce(actor: Actor, program: readonly Action[]): boolean {
  const result = run(actor, program);
  if (result === 'blocked') return false;
  let place = typeof result === 'object' ? indexOf(program, result.goTo) : actor.get(PLACE) + 1;
  while (actor.get(FAILED) === 0 && program[place]?.part === 'abandon') place += 1;
  actor.set(PLACE, place);
  if (place >= program.length) finish(actor);
  return true;
}

function run(actor: Actor, program: readonly Action[]): ReturnType<Action['run']> {
  try {
    return program[actor.get(PLACE)]?.run(actor);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const goTo: Part = actor.operation?.kind === 'set' ? 'abandon' : 'unlock';
    actor.set(FAILED, 1);
    return { goTo };
  }
}

function indexOf(program: readonly Action[], part: Part): number {
  const index = program.findIndex((action) => action.part === part);
  return index === -1 ? program.length : index;
}

function finish(actor: Actor): void {
  if (actor.get(OPEN) !== 0) throw new Violation('a file is left open');
  if (actor.get(COUNTED) !== 0) throw new Violation('a reader that lives stays counted, or takes somebody else off');
  actor.forget();
  actor.set(OPERATION, actor.get(OPERATION) + 1);
}

/** The same action, with a call of the system that fails. False where it makes none that can. */
function fail(actor: Actor, all: Programs): boolean {
  const { world } = actor;
  if (world.cell(FAILURES) === 0) return false;
  world.store(FAILURES, world.cell(FAILURES) - 1);
  world.failing = true;
  try {
    return act(actor, all) && !world.failing;
  } finally {
    world.failing = false;
  }
}

/** The kernel releases the lock and closes files; what it was counted for stays. Only who is in the middle of something leaves anything. */
function die(world: World, actor: Actor): boolean {
  if (world.cell(CRASHES) === 0 || actor.get(DEAD) === 1 || actor.get(PLACE) === 0) return false;
  world.store(CRASHES, world.cell(CRASHES) - 1);
  if (world.cell(HOLDER) === actor.index + 1) {
    world.store(HOLDER, 0);
    world.store(LEFT, 1);
  }
  const leaked = LEAKED + actor.slot;
  world.store(leaked, world.cell(leaked) + actor.get(COUNTED));
  actor.forget();
  actor.set(OPERATION, 0);
  actor.set(DEAD, 1);
  return true;
}

/** What must hold of names and open files in every state. */
export function checkFiles(world: World): void {
  const names = [world.cell(ENTRIES), world.cell(ENTRIES + 1), world.cell(SPARE)].filter((file) => file !== 0);
  if (new Set(names).size < names.length) throw new Violation('a file is in two places');
  for (const slot of [0, 1]) {
    const file = world.cell(ENTRIES + slot);
    const isRight = file === 0 || (world.isWhole(file) && world.version(world.cell(FILES + 2 * file))?.slot === slot);
    if (!isRight) throw new Violation('a published entry is not whole');
  }
  for (const actor of world.actors) {
    const file = actor.get(OPEN) || actor.get(MAPPED);
    if (file === 0 || actor.get(SEEN) === 0) continue;
    if (!world.isWhole(file) || world.cell(FILES + 2 * file) !== actor.get(SEEN))
      throw new Violation('what a reader has open changes');
  }
}

/** Whoever finds the lock free finds a file at `spare` if and only if the word says so, unless something happened that may leave one. */
function checkSpare(world: World): void {
  if (world.cell(HOLDER) !== 0 || world.cell(LEFT) === 1) return;
  const isThere = world.cell(SPARE) !== 0;
  if (isThere && world.cell(SPARE_WORD) === 0) throw new Violation('a file is left that nobody will use');
  if (!isThere && world.cell(SPARE_WORD) !== 0) throw new Violation('the word speaks of a file that is not there');
}

/** Everybody has finished or died: what is left goes, writes come through, and they use files again where no dead reader is in the way. */
function checkAtRest(world: World, all: Programs): void {
  if (world.cell(HOLDER) !== 0) throw new Violation('everybody waits for a lock that is never released');
  goOn(world, all, [{ kind: 'sweep' }]);
  for (const slot of [0, 1] as const) {
    const leaked = world.cell(LEAKED + slot);
    if (world.cell(READERS + slot) !== leaked) throw new Violation('readers are counted that are not there');
    const set: Operation = { kind: 'set', slot, value: LATER + slot, length: 1 };
    if (goOn(world, all, [set, set, set]) > 0 && leaked === 0 && world.exchange === 'there')
      throw new Violation('at rest, a third write makes a file');
  }
}

/** One more process, alone. Nothing is left then, whatever there was before. Gives how many files its last operation made. */
function goOn(world: World, all: Programs, operations: readonly Operation[]): number {
  const later = world.followedBy(operations);
  const process = later.actors.at(-1);
  let made = 0;
  for (let number = 0; process !== undefined && number < operations.length; number += 1) {
    made = later.made;
    while (process.get(OPERATION) === number && act(process, all));
  }
  later.store(LEFT, 0);
  checkFiles(later);
  checkSpare(later);
  return later.made - made;
}

/** The number of a file means nothing: gives them out in the order of the cells that hold them, and forgets files that nobody has. */
function nameFiles(world: World, cells: Uint8Array): void {
  const renamed = new Uint8Array(MOST_FILES);
  const contents = cells.slice(FILES, FILES + 2 * MOST_FILES);
  let last = 0;
  cells.fill(0, FILES, FILES + 2 * MOST_FILES);
  for (const cell of fileCells(world.actors.length)) {
    const file = cells[cell] ?? 0;
    if (file === 0) continue;
    if (renamed[file] === 0) {
      last += 1;
      renamed[file] = last;
      cells[FILES + 2 * last] = contents[2 * file] ?? 0;
      cells[FILES + 2 * last + 1] = contents[2 * file + 1] ?? 0;
    }
    cells[cell] = renamed[file] ?? 0;
  }
}

/** Two readers that have the same to do are told apart by nothing but their places. */
function orderReaders(world: World, cells: Uint8Array): boolean {
  const [first, second] = world.actors.slice(-2);
  if (first === undefined || second === undefined || first.operations !== second.operations) return false;
  const bases = [first, second].map(({ index }) => ACTORS + index * ACTOR_LENGTH);
  const [a, b] = bases.map((base) => cells.slice(base, base + ACTOR_LENGTH));
  if (a === undefined || b === undefined || Buffer.compare(a, b) <= 0) return false;
  cells.set(b, bases[0]);
  cells.set(a, bases[1]);
  return true;
}
