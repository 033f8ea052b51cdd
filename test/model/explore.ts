import { StateSet } from './states.js';

/** Thrown by a model where something holds that never may. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

/** Something that may happen in a state; it changes `cells`. False: it cannot happen now. */
export type Move = (cells: Uint8Array) => boolean;

/** What can happen, as states of a few dozen bytes. */
export interface Model {
  readonly initial: Uint8Array;
  /** All that may ever happen, by name. */
  readonly moves: readonly (readonly [name: string, move: Move])[];
  /** Brings states that differ in nothing but the names of equal parties to one form. */
  readonly canonical?: (cells: Uint8Array) => void;
  /** Called for each state once; throws Violation. `final`: nothing can happen any more. */
  readonly check: (cells: Uint8Array, final: 'final' | 'going on') => void;
}

export interface Exploration {
  readonly states: number;
  readonly violation?: string;
  /** What happened on the way to the violation. */
  readonly path?: readonly string[];
}

/** Visits every state that can be reached, or those up to the first violation. */
export function explore({ initial, moves, canonical, check }: Model): Exploration {
  const states = new StateSet(initial.length);
  const parents: number[] = [-1];
  const names: string[] = ['begin'];
  states.add(initial);
  const before = new Uint8Array(initial.length);
  const after = new Uint8Array(initial.length);
  const pending = [0];
  const violated = (error: unknown, from: number, last: string[]): Exploration => {
    if (!(error instanceof Violation)) throw error;
    const path = [...last];
    for (let index = from; index > 0; index = parents[index] ?? 0) path.unshift(names[index] ?? '');
    return { states: states.size, violation: error.message, path };
  };
  for (let index = pending.pop(); index !== undefined; index = pending.pop()) {
    states.read(index, before);
    let possible = 0;
    for (const [name, move] of moves) {
      after.set(before);
      try {
        if (!move(after)) continue;
      } catch (error) {
        return violated(error, index, [name]);
      }
      possible += 1;
      canonical?.(after);
      const next = states.add(after);
      if (next === -1) continue;
      parents[next] = index;
      names[next] = name;
      pending.push(next);
    }
    try {
      check(before, possible === 0 ? 'final' : 'going on');
    } catch (error) {
      return violated(error, index, []);
    }
  }
  return { states: states.size };
}
