import { HoldfastError } from '../errors.js';
import { shown } from '../os/shown.js';

/*
 * Which objects are options. A name that nothing listens to is a mistake of whoever wrote it, and so is an object that is something else:
 * `set('key', value, new Date(0))` would never expire. What counts is what can be read of it, so options may be frozen, may inherit
 * defaults, and may be an instance of a class with getters; one that offers no option at all is none.
 */

/** The names of options, complete because the compiler compares them with the type. */
export function namesOf<T extends object>(names: { readonly [Name in keyof Required<T>]: true }): readonly string[] {
  return Object.keys(names);
}

/** Throws `ERR_INVALID_ARGUMENT` where options are no options, or one has a name that nothing listens to. */
export function assertKnownOptions(options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) throw noOptions(options, known);
  let offered = isRoot(Object.getPrototypeOf(options));
  for (const name of namesIn(options, known)) {
    if (!known.includes(name)) throw invalid(`Unknown option "${name}"; known: ${known.join(', ')}.`);
    offered = true;
  }
  if (!offered) throw noOptions(options, known);
}

/** What can be read of an object, its prototypes' accessors and values too. Methods are no options, unless one has the name of one. */
function* namesIn(options: object, known: readonly string[]): Generator<string, void> {
  yield* Object.keys(options);
  for (
    let prototype = Object.getPrototypeOf(options);
    !isRoot(prototype);
    prototype = Object.getPrototypeOf(prototype)
  ) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      if (typeof value !== 'function' || known.includes(name)) yield name;
    }
  }
}

/** Whether this is the prototype of plain objects, of whatever realm, or of none. */
function isRoot(prototype: unknown): boolean {
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function noOptions(given: unknown, known: readonly string[]): HoldfastError {
  return invalid(`Options are an object with ${known.join(', ')}; not ${shown(given)}.`);
}

function invalid(message: string): HoldfastError {
  return new HoldfastError('ERR_INVALID_ARGUMENT', message);
}
