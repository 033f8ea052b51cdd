import { replaceSyscalls, type Syscalls, syscalls } from '../../src/os/syscalls.js';
import { scaled } from '../helpers/scale.js';

/** What can befall a system call: an error, or, of a read or a write, that it does half of the work. */
export type Fault = 'EIO' | 'ENOSPC' | 'EMFILE' | 'EACCES' | 'short';

export const FAULTS: Fault[] = ['EIO', 'ENOSPC', 'EMFILE', 'EACCES', 'short'];

type Name = keyof Syscalls;
type Call = (...args: unknown[]) => unknown;

/** Takes the place of a call: `proceed` makes the real one, with these arguments or others. */
type Interception = (name: Name, args: unknown[], proceed: (args: unknown[]) => unknown) => unknown;

/** The names of the calls that some work makes, in order. */
export async function recordCalls(work: () => Promise<unknown>): Promise<string[]> {
  const calls: string[] = [];
  const restore = intercept((name, args, proceed) => {
    calls.push(name);
    return proceed(args);
  });
  try {
    await work();
  } finally {
    restore();
  }
  return calls;
}

/** Those calls, by their index, that are worth a try each: of those made over and over (an era has 256 folders) the first ones and the last. */
export function telling(calls: readonly string[], firstTimes = 3): number[] {
  const times = new Map<string, number>();
  return calls.flatMap((name, index) => {
    const time = (times.get(name) ?? 0) + 1;
    times.set(name, time);
    return time <= firstTimes || !calls.includes(name, index + 1) ? [index] : [];
  });
}

/** What the kernel can answer to a call; EIO it can answer to each. */
const ANSWERS: Readonly<Record<Exclude<Fault, 'EIO'>, RegExp>> = {
  ENOSPC: /^(open|write|ftruncate|fsync|close|mkdir|rename|exchange)/,
  EMFILE: /^(open|readdir)/,
  EACCES: /^(open|stat|lstat|readlink|readdir|mkdir|rmdir|rename|exchange|unlink|fch|futimes)/,
  short: /^(read|write)(Async)?$/,
};

/** Those of the telling calls that a fault can befall; in `npm run test:full` all of them. */
export function tellingOf(fault: Fault, calls: readonly string[], firstTimes?: number): number[] {
  const all = telling(calls, firstTimes);
  const possible = fault === 'EIO' ? all : all.filter((index) => ANSWERS[fault].test(calls[index] ?? ''));
  return scaled(possible, all);
}

/** Lets one call of those that follow fail; where a name is given, only calls of that name are counted. What is returned ends it. */
export function failAt(index: number, fault: Fault, only?: string): () => void {
  let count = 0;
  return intercept((name, args, proceed) => {
    const counts = only === undefined || only === name;
    const mine = counts && count === index;
    if (counts) count += 1;
    if (!mine) return proceed(args);
    return fault === 'short' ? halfOf(name, args, proceed) : fail(name, args, fault, proceed);
  });
}

function intercept(interception: Interception): () => void {
  const former = { ...syscalls };
  const names = Object.keys(former) as Name[];
  const replacements = names.map((name): [Name, Call] => {
    const real = former[name] as Call;
    return [name, (...args) => interception(name, args, (used) => real(...used))];
  });
  return replaceSyscalls(Object.fromEntries(replacements));
}

/** A write is given half of its bytes, a read gives half of what it found: of one byte or more at least one. */
function halfOf(name: Name, args: unknown[], proceed: (args: unknown[]) => unknown): unknown {
  const [fd, buffer, offset, length, position] = args;
  if (name.startsWith('write')) return proceed([fd, buffer, offset, Math.ceil(Number(length) / 2), position]);
  const count = proceed(args);
  if (!name.startsWith('read') || name === 'readdir' || name === 'readlink') return count;
  const halve = (found: number) => {
    const kept = Math.ceil(found / 2);
    (buffer as Buffer).fill(0, Number(offset) + kept, Number(offset) + found);
    return kept;
  };
  return typeof count === 'number' ? halve(count) : (count as Promise<number>).then(halve);
}

function fail(name: Name, args: unknown[], code: string, proceed: (args: unknown[]) => unknown): unknown {
  const error = Object.assign(new Error(`${code}: injected, ${name}`), { code, syscall: name });
  // Linux closes the descriptor, whatever close(2) says.
  if (name === 'close') proceed(args);
  if (name.endsWith('Async')) return Promise.reject(error);
  throw error;
}
