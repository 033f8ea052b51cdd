import { type AccessLine, type CallSite, type How, type RequestLine, reads } from '../record/index.js';

/** The role of a line of the program for a file. */
export type Role = 'reader' | 'writer';

/**
 * Changes of an inode that others may have open, or of one that is being made. `publish`, `move` and `remove` touch no
 * content.
 */
const WRITES: ReadonlySet<How> = new Set<How>(['truncate', 'write', 'append', 'create', 'fill']);
const IN_PLACE: ReadonlySet<How> = new Set<How>(['truncate', 'write', 'append']);

/** The accesses that one line of the program made to one file, in one role. */
export interface SiteTally {
  readonly role: Role;
  readonly site: CallSite | undefined;
  accesses: number;
  /** Accesses without a sufficient lock; a writer's must be exclusive. */
  withoutLock: number;
  /** Accesses of a writer under a shared lock. */
  sharedOnly: number;
  /** Accesses whose lock was given up before they were over. */
  late: number;
  /** Accesses of which it is not known whether a lock was held. */
  unknown: number;
  readonly hows: Map<How, number>;
  readonly calls: Set<string>;
  readonly pids: Set<number>;
  /** The request of one access without a lock; of any access, where all had one. */
  request: RequestLine | undefined;
}

/** The contents of the logs about one file. */
export class FileTally {
  readonly path: string;
  readonly hows = new Map<How, number>();
  readonly sites = new Map<string, SiteTally>();
  /** Accesses under a sufficient lock. */
  locked = 0;

  constructor(path: string) {
    this.path = path;
  }

  /**
   * Whether the logs show a change of an inode that a reader may have had open. A file that was made once, or
   * published, was not changed so. One that is made again and again under its own name was: its readers find it empty
   * or half-written. (A temporary file that is made under one name again and again has been renamed as often.)
   */
  get changedInPlace(): boolean {
    if ([...IN_PLACE].some((how) => this.#count(how) > 0)) return true;
    return this.#count('create') - this.#count('move') > 1;
  }

  add(line: AccessLine, pid: number): void {
    if (line.late) {
      this.#site(line).late += 1;
      this.#withoutLock(line);
      return;
    }
    add(this.hows, line.how);
    if (!reads(line.how) && !WRITES.has(line.how)) return;
    const site = this.#site(line);
    site.accesses += 1;
    add(site.hows, line.how);
    site.calls.add(line.call);
    site.pids.add(pid);
    if (site.withoutLock === 0) site.request ??= line.request;
    if (line.lock === 'unknown') site.unknown += 1;
    else if (serves(line)) this.locked += 1;
    else this.#withoutLock(line);
  }

  #withoutLock(line: AccessLine): void {
    const site = this.#site(line);
    if (line.request !== undefined && site.withoutLock === 0) site.request = line.request;
    site.withoutLock += 1;
    if (line.lock === 'shared') site.sharedOnly += 1;
  }

  #site(line: AccessLine): SiteTally {
    const role: Role = reads(line.how) ? 'reader' : 'writer';
    const key = `${role} ${siteKey(line.site)}`;
    let tally = this.sites.get(key);
    if (tally === undefined) {
      const { site, request } = line;
      const none = { accesses: 0, withoutLock: 0, sharedOnly: 0, late: 0, unknown: 0 };
      tally = { role, site, ...none, hows: new Map(), calls: new Set(), pids: new Set(), request };
      this.sites.set(key, tally);
    }
    return tally;
  }

  #count(how: How): number {
    return this.hows.get(how) ?? 0;
  }
}

/** A call site as one string. */
export function siteKey(site: CallSite | undefined): string {
  return site === undefined ? '?' : `${site.file}:${site.line}:${site.column}`;
}

export function add<Key>(counts: Map<Key, number>, key: Key, count = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + count);
}

function serves({ lock, how }: AccessLine): boolean {
  return lock === 'exclusive' || (lock === 'shared' && reads(how));
}
