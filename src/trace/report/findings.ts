import type { CallSite, How, RequestLine } from '../record/index.js';
import { add, type FileTally, type Role, type SiteTally, siteKey } from './tally.js';

/** A line of the program that reads or writes a file which is changed in place, without the lock that protects it. */
export interface TraceFinding {
  readonly kind: 'unlocked-reader' | 'unlocked-writer';
  /** Absent where the stack had no frame outside Node. */
  readonly site?: CallSite;
  /** Files by the number of accesses without a lock, the most first. */
  readonly paths: readonly { readonly path: string; readonly withoutLock: number; readonly accesses: number }[];
  readonly accesses: number;
  readonly withoutLock: number;
  readonly sharedOnly: number;
  readonly late: number;
  readonly how: Partial<Record<How, number>>;
  readonly calls: readonly string[];
  readonly pids: readonly number[];
  /** One of the requests that led there. */
  readonly request?: RequestLine;
  /** Whether any access to these files was under a lock. */
  readonly othersLock: boolean;
  readonly message: string;
  readonly advice: string;
}

interface Suspect {
  readonly role: Role;
  readonly site: CallSite | undefined;
  readonly parts: { readonly file: FileTally; readonly tally: SiteTally }[];
}

/**
 * The mistakes by line of the program, the one with the most accesses without a lock first. Files that were only
 * published are left out.
 */
export function traceFindings(files: readonly FileTally[]): TraceFinding[] {
  const suspects = new Map<string, Suspect>();
  for (const file of files) {
    if (!file.changedInPlace) continue;
    for (const [key, tally] of file.sites) {
      if (tally.withoutLock === 0) continue;
      const suspect = suspects.get(key) ?? { role: tally.role, site: tally.site, parts: [] };
      suspect.parts.push({ file, tally });
      suspects.set(key, suspect);
    }
  }
  return [...suspects.values()].map(finding).sort(byWeight);
}

function finding({ role, site, parts }: Suspect): TraceFinding {
  const sum = (count: (tally: SiteTally) => number) => parts.reduce((total, { tally }) => total + count(tally), 0);
  const how = new Map<How, number>();
  for (const { tally } of parts) for (const [name, count] of tally.hows) add(how, name, count);
  const paths = parts
    .map(({ file, tally }) => ({ path: file.path, withoutLock: tally.withoutLock, accesses: tally.accesses }))
    .sort((a, b) => b.withoutLock - a.withoutLock);
  const request = parts.find(({ tally }) => tally.request !== undefined)?.tally.request;
  const facts = {
    paths,
    accesses: sum((tally) => tally.accesses),
    withoutLock: sum((tally) => tally.withoutLock),
    sharedOnly: sum((tally) => tally.sharedOnly),
    late: sum((tally) => tally.late),
    how: Object.fromEntries(how),
    calls: [...new Set(parts.flatMap(({ tally }) => [...tally.calls]))],
    pids: [...new Set(parts.flatMap(({ tally }) => [...tally.pids]))],
    othersLock: parts.some(({ file }) => file.locked > 0),
    ...(site === undefined ? {} : { site }),
    ...(request === undefined ? {} : { request }),
  };
  return {
    kind: role === 'reader' ? 'unlocked-reader' : 'unlocked-writer',
    ...facts,
    message: message(role, site, facts),
    advice: advice(role, facts),
  };
}

type Facts = Omit<TraceFinding, 'kind' | 'message' | 'advice'>;

function message(role: Role, site: CallSite | undefined, facts: Facts): string {
  const { paths, accesses, withoutLock, sharedOnly, late, othersLock } = facts;
  const who = site === undefined ? 'Code without a line of its own' : `${site.file}:${site.line}`;
  const what = paths.length === 1 ? (paths[0]?.path ?? '') : `${paths.length} files (${paths[0]?.path}, …)`;
  const doing = role === 'reader' ? 'reads' : 'changes';
  const others = othersLock ? 'though others lock it' : 'and nobody locks it';
  const shared =
    sharedOnly === 0 ? '' : ` It held only the shared lock ${times(sharedOnly)}, which keeps no reader out.`;
  const early = late === 0 ? '' : ` The lock was given up before the access was over ${times(late)}.`;
  return `${who} ${doing} ${what} without its lock (${withoutLock} of ${accesses} times), ${others}.${shared}${early}`;
}

function advice(role: Role, { late, withoutLock, how }: Facts): string {
  if (late === withoutLock)
    return 'Wait for the access before the lock is released: a missing await, often `return` inside `try`.';
  if (role === 'reader') {
    return "Read under the shared lock: readFile(path) of holdfast, or lockFile(path, 'shared') around it, before the file is opened.";
  }
  const early =
    how.truncate === undefined ? '' : ' Opening with "w" empties the file at once, so the lock comes before the open.';
  return `Publish instead: writeFile(path, data) of holdfast; or lockFile(path, 'exclusive') around it.${early}`;
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

function byWeight(a: TraceFinding, b: TraceFinding): number {
  return b.withoutLock - a.withoutLock || siteKey(a.site).localeCompare(siteKey(b.site));
}
