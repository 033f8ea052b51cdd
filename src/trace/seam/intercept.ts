import { isPromise } from '../../os/realms.js';

/** How a function gives its result. */
export type Style = 'sync' | 'callback' | 'promise';

/** Gets the result of a call that succeeded, before the program does. */
export type After = (result: unknown) => void;

/** Gets the arguments of a call before it is made. */
export type Observer = (args: readonly unknown[], self: unknown) => After | undefined;

/** Above 0 inside an intercepted call: calls that node:fs makes itself belong to the call of the program. */
let depth = 0;

/**
 * Puts an observer in front of a function of `owner`. The program sees no difference: a proxy has the function's name,
 * length and symbols (those that `util.promisify` uses), and `this`, arguments, errors and results pass through. An
 * error of the observer is ignored.
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

/** Runs work that must not be observed, as if it were inside an intercepted call. */
export function unobserved<T>(work: () => T): T {
  depth += 1;
  try {
    return work();
  } finally {
    depth -= 1;
  }
}

/** A function, as the handler of a proxy gets it. */
// biome-ignore lint/complexity/noBannedTypes: what Reflect.apply takes.
export type Target = Function;

/**
 * Replaces a function of `owner` by `apply`. Does nothing where there is no such function: a version of Node may lack
 * it.
 */
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

/**
 * The arguments, with a callback in which the observer gets the result first. Where there is none, node:fs will refuse
 * the call.
 */
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
