/*
 * Types that say what a cache does with values. They are promises of the program, not checks: another version of the
 * program may have written the entries.
 */

/** What a cache of V can store: also any Uint8Array with the codec `bytes`, which gives it back as a Buffer. */
export type Storable<V> = V | (V extends Uint8Array ? Uint8Array : never);

/**
 * What `getOrSet` gives: in a cache of `unknown`, the type that the loader gives. In a cache of V the entry may hold
 * another value than the loader's, for instance another text. So there the loader's type only says which kind of V
 * comes back, and whether `undefined` may.
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
