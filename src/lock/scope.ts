/**
 * A piece of running code that other code may wait for: it runs under a lock, or it loads a value (a flight). The
 * scopes of a thread form a wait-for graph: what each holds, and what each waits for. A wait that would close a cycle
 * in it is a deadlock.
 */
export class Scope {
  /** The scope that this one was started in. */
  readonly outer: Scope | undefined;
  #key: unknown;
  readonly #held = new Set<unknown>();
  /** What it waits for, and how many times at once. */
  readonly #awaited = new Map<unknown, number>();
  #active = true;

  /** @param key identifies the lock or the load: the same object or string at each request for it */
  constructor(key: unknown, outer: Scope | undefined) {
    this.#key = key;
    this.outer = outer;
  }

  /** False once it is over. Code that was started inside and outlives the scope counts as outside from then on. */
  get active(): boolean {
    return this.#active;
  }

  get key(): unknown {
    return this.#key;
  }

  /** Makes this scope the holder of a key: a wait for the key is a wait for this scope. */
  hold(key: unknown): void {
    this.#held.add(key);
    holders.set(key, this);
  }

  giveUp(key: unknown): void {
    this.#held.delete(key);
    if (holders.get(key) === this) holders.delete(key);
  }

  /** Notes that this scope waits for a key, or for another scope. Returns what ends that, to be called once. */
  waitFor(target: unknown): () => void {
    this.#awaited.set(target, (this.#awaited.get(target) ?? 0) + 1);
    return () => {
      const left = (this.#awaited.get(target) ?? 0) - 1;
      if (left > 0) this.#awaited.set(target, left);
      else this.#awaited.delete(target);
    };
  }

  /** Ends the scope. A timer that was started inside may keep it in memory, so it lets go of its key. */
  end(): void {
    this.#active = false;
    this.#key = undefined;
    for (const key of this.#held) this.giveUp(key);
  }

  get awaited(): Iterable<unknown> {
    return this.#awaited.keys();
  }
}

/** The scope that holds each key. A key has at most one holder at a time. */
const holders = new Map<unknown, Scope>();

/**
 * Whether the target (a scope, or the holder of a key) is `scope`, or waits for it directly or through other scopes.
 */
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
