/*
 * Types that tell of values what the code does with them. They are promises of the program, not checks: what lies in the directory may
 * have been written by another version of it.
 */

/** What can be stored where values are V: with the codec `bytes` any Uint8Array, which is given back as a Buffer. */
export type Storable<V> = V | (V extends Uint8Array ? Uint8Array : never);

/**
 * What `getOrSet` gives: in a cache of anything, what the loader does. In a cache of V somebody else may have stored another text than
 * the loader's, so there the loader only says which kind of V it is, and whether `undefined` can come of it.
 */
export type Loaded<V, T> = unknown extends V ? T : LoadedKind<V, T>;

type LoadedKind<V, T> = T extends string
  ? Extract<V, string>
  : T extends number
    ? Extract<V, number>
    : T extends bigint
      ? Extract<V, bigint>
      : T extends boolean
        ? Extract<V, boolean>
        : T extends Uint8Array
          ? Extract<V, Uint8Array>
          : T;
