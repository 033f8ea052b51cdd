/**
 * Code that others may have to wait for: it runs inside of a lock, or loads a value for which others wait. The scopes of a thread, what
 * each holds and what each waits for, are a graph; a wait that would close a circle in it would never end.
 */
export class Scope {
  /** The one that was going on around it when it began. */
  readonly outer: Scope | undefined;
  #key: unknown;
  readonly #held = new Set<unknown>();
  /** What it waits for, each as often as it does. */
  readonly #awaited = new Map<unknown, number>();
  #active = true;

  /** `key` stands for what the scope is inside of: the same object or string at every request for it. */
  constructor(key: unknown, outer: Scope | undefined) {
    this.#key = key;
    this.outer = outer;
  }

  /** False once it is over: what was started inside of it and outlives it is inside of nothing any more. */
  get active(): boolean {
    return this.#active;
  }

  get key(): unknown {
    return this.#key;
  }

  /** From now on those who wait for this key wait for this scope. */
  hold(key: unknown): void {
    this.#held.add(key);
    holders.set(key, this);
  }

  giveUp(key: unknown): void {
    this.#held.delete(key);
    if (holders.get(key) === this) holders.delete(key);
  }

  /** It waits for a key, or for another scope. Gives the end of that, to be called once. */
  waitFor(target: unknown): () => void {
    this.#awaited.set(target, (this.#awaited.get(target) ?? 0) + 1);
    return () => {
      const left = (this.#awaited.get(target) ?? 0) - 1;
      if (left > 0) this.#awaited.set(target, left);
      else this.#awaited.delete(target);
    };
  }

  /** It is over. A timer that was started inside keeps the scope in memory, and is to keep nothing else. */
  end(): void {
    this.#active = false;
    this.#key = undefined;
    for (const key of this.#held) this.giveUp(key);
  }

  get awaited(): Iterable<unknown> {
    return this.#awaited.keys();
  }
}

/** Of keys that only one scope can hold at a time. */
const holders = new Map<unknown, Scope>();

/** Whether a key is held by a scope, or a scope is one, that waits for this one: itself, or through what it waits for. */
export function waitsFor(target: unknown, scope: Scope): boolean {
  const seen = new Set<Scope>();
  const pending = [target];
  while (pending.length > 0) {
    const next = pending.pop();
    const holder = next instanceof Scope ? next : holders.get(next);
    if (holder === undefined || !holder.active || seen.has(holder)) continue;
    if (holder === scope) return true;
    seen.add(holder);
    pending.push(...holder.awaited);
  }
  return false;
}
