import { packageSite, programSite, type Recorder } from '../record/index.js';
import { type Target, unobserved } from '../seam/index.js';

const CLASSES = ['ReadStream', 'WriteStream', 'FileReadStream', 'FileWriteStream'] as const;

/**
 * A stream opens its file after its constructor has returned, when the line that made it is not on the stack any more.
 * So the constructor runs in an asynchronous context that carries this line to the open. A stream reads and writes
 * through `fs.read` and `fs.write`.
 *
 * node:fs has setters for the classes; `createReadStream` uses the class that was set, too.
 */
export function followStreams(fs: typeof import('node:fs'), recorder: Recorder): void {
  const proxies = new Map<unknown, unknown>();
  for (const name of CLASSES) {
    const original: unknown = Reflect.get(fs, name);
    if (typeof original !== 'function') continue;
    const proxy = proxies.get(original) ?? proxyOf(original, recorder);
    proxies.set(original, proxy);
    Reflect.set(fs, name, proxy);
  }
}

function proxyOf(original: Target, recorder: Recorder): Target {
  const carryingSite = <T>(path: unknown, work: () => T): T => {
    const site = unobserved(() => {
      try {
        return recorder.dataPath(path) === undefined ? undefined : (programSite() ?? packageSite());
      } catch {
        return undefined;
      }
    });
    return site === undefined ? work() : recorder.ambience.run({ site }, work);
  };
  const proxy = new Proxy(original, {
    construct: (target, args, newTarget) =>
      carryingSite(args[0], () => Reflect.construct(target, args, newTarget) as object),
    // For `ReadStream(path)` without `new`, and for constructor functions that call it on themselves.
    apply: (target, self, args) => carryingSite(args[0], () => Reflect.apply(target, self, args)),
  });
  // `stream.constructor === fs.ReadStream` stays true.
  const { prototype } = original as { prototype: object };
  Object.defineProperty(prototype, 'constructor', {
    value: proxy,
    writable: true,
    configurable: true,
    enumerable: true,
  });
  return proxy;
}
