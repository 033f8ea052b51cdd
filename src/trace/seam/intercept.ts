import { isPromise } from '../../os/realms.js';

/** How a function gives its result. */
export type Style = 'sync' | 'callback' | 'promise';

/** Is told the result of a call that succeeded, before the program is. */
export type After = (result: unknown) => void;

/** Is told of a call before it is made. */
export type Observer = (args: readonly unknown[], self: unknown) => After | undefined;

/** Above 0 inside an intercepted call: what node:fs calls of itself is part of what the program called. */
let depth = 0;

/**
 * Puts an observer in front of a function of `owner`. The function stays what it was: a proxy has its name, its length and its symbols (those
 * that `util.promisify` looks for), and `this`, arguments, errors and results pass through. An observer that throws is not heard.
 *
 * Where the observer wants the result, a callback is wrapped, and a promise becomes one that settles a microtask later.
 */
export function intercept(owner: object, name: string, style: Style, observer: Observer): void {
  replaceFunction(owner, name, (target, self, args) => {
    if (depth > 0) return Reflect.apply(target, self, args);
    depth += 1;
    try {
      const after = unheard(() => observer(args, self));
      if (after === undefined) return Reflect.apply(target, self, args);
      return applyThen(style, target, self, args, (result) => unheard(() => after(result)));
    } finally {
      depth -= 1;
    }
  });
}

/** Runs what is not to be observed, as a call inside an intercepted one. */
export function unobserved<T>(work: () => T): T {
  depth += 1;
  try {
    return work();
  } finally {
    depth -= 1;
  }
}

/** A function, as a proxy's handler has it. */
// biome-ignore lint/complexity/noBannedTypes: what Reflect.apply takes.
export type Target = Function;

/** Puts `apply` in the place of a function of `owner`; without effect where there is none of this name (a version of Node may lack it). */
export function replaceFunction(
  owner: object,
  name: string | symbol,
  apply: (target: Target, self: unknown, args: unknown[]) => unknown,
): void {
  const target: unknown = Reflect.get(owner, name);
  if (typeof target === 'function') Reflect.set(owner, name, new Proxy(target, { apply }));
}

function applyThen(style: Style, target: Target, self: unknown, args: readonly unknown[], after: After): unknown {
  if (style === 'callback') return Reflect.apply(target, self, hearing(args, after));
  const result: unknown = Reflect.apply(target, self, args);
  if (style === 'promise' && isPromise(result)) {
    return result.then((value) => {
      after(value);
      return value;
    });
  }
  after(result);
  return result;
}

/** The arguments with a callback that hears the result first. Where there is no callback node:fs says so. */
function hearing(args: readonly unknown[], after: After): unknown[] {
  const callback = args.at(-1);
  if (typeof callback !== 'function') return [...args];
  function heard(this: unknown, ...results: unknown[]): unknown {
    if (results[0] === null || results[0] === undefined) after(results[1]);
    return Reflect.apply(callback as Target, this, results);
  }
  return [...args.slice(0, -1), heard];
}

function unheard<T>(work: () => T): T | undefined {
  return unobserved(() => {
    try {
      return work();
    } catch {
      return undefined;
    }
  });
}
