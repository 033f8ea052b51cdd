import { type HoldfastError, invalidArgument } from '../errors.js';
import { shown } from '../os/shown.js';

/*
 * What counts as an options object. An unknown name is refused as a mistake, and so is an object of another kind:
 * `set('key', value, new Date(0))` would never expire. Every readable property counts, so options may be frozen, may
 * inherit defaults, and may be an instance of a class with getters. An object other than a plain one must have at least
 * one known option.
 */

/** The names of the options of a type. The compiler sees to it that none is missing. */
export function namesOf<T extends object>(names: { readonly [Name in keyof Required<T>]: true }): readonly string[] {
  return Object.keys(names);
}

/** Throws `ERR_INVALID_ARGUMENT` for what is no options object, and for an unknown option. */
export function assertKnownOptions(options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) throw noOptions(options, known);
  let offered = isRoot(Object.getPrototypeOf(options));
  for (const name of namesIn(options, known)) {
    if (!known.includes(name)) throw invalidArgument(`Unknown option "${name}"; known: ${known.join(', ')}.`);
    offered = true;
  }
  if (!offered) throw noOptions(options, known);
}

/**
 * The names of an object's readable properties, inherited ones too. Methods are left out, unless one has the name of an
 * option.
 */
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

/** Whether this is the prototype of plain objects, of any realm, or `null`. */
function isRoot(prototype: unknown): boolean {
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function noOptions(given: unknown, known: readonly string[]): HoldfastError {
  return invalidArgument(`Options are an object with ${known.join(', ')}; not ${shown(given)}.`);
}
