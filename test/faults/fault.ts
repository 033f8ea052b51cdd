import { replaceSyscalls, type Syscalls, syscalls } from '../../src/os/syscalls.js';

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

/** Lets one call of those that follow fail; where a name is given, only calls of that name are counted. What is returned ends it. */
export function failAt(index: number, fault: Fault, only?: string): () => void {
  let count = 0;
  return intercept((name, args, proceed) => {
    const counts = only === undefined || only === name;
    const mine = counts && count === index;
    if (counts) count += 1;
    if (!mine) return proceed(args);
    return fault === 'short' ? proceed(halved(name, args)) : fail(name, args, fault, proceed);
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

/** Half the length of a read or a write, one byte at least. */
function halved(name: Name, args: unknown[]): unknown[] {
  if (!/^(read|write)(Async)?$/.test(name)) return args;
  const [fd, buffer, offset, length, position] = args;
  return [fd, buffer, offset, Math.ceil(Number(length) / 2), position];
}

function fail(name: Name, args: unknown[], code: string, proceed: (args: unknown[]) => unknown): unknown {
  const error = Object.assign(new Error(`${code}: injected, ${name}`), { code, syscall: name });
  // Linux closes the descriptor, whatever close(2) says.
  if (name === 'close') proceed(args);
  if (name.endsWith('Async')) return Promise.reject(error);
  throw error;
}
