import {
  type DiagnoseReport,
  FINDING_KINDS,
  type FileUser,
  type Finding,
  type FindingKind,
  type HeldSidecar,
  type Party,
  type Role,
  type Step,
  type Victim,
} from '../report/index.js';
import type { Lock, Mark, PartyDraft, VictimDraft } from '../world/index.js';

/** The most findings that a report lists; further ones are counted. */
const MOST_FINDINGS = 1_000;
const MOST_USERS = 1_000;
/** The most steps that a finding shows. */
const MOST_STEPS = 24;

/** A finding while the log is being read: later lines may add to it. */
export interface Draft {
  readonly kind: FindingKind;
  readonly path: string | null;
  readonly victim?: VictimDraft | undefined;
  readonly culprit?: PartyDraft | undefined;
  readonly reader?: PartyDraft | undefined;
  readonly writer?: PartyDraft | undefined;
  readonly steps: { mark: Mark; role: Role }[];
  /** The steps, to which later lines may add. */
  readonly later?: { marks: readonly Mark[]; role: Role } | undefined;
  readonly held: readonly Lock[];
  readonly message: string;
  readonly advice: string;
}

interface Kept {
  readonly draft: Draft;
  count: number;
}

/** Collects findings. A finding of the same kind about the same file and the same processes is only counted. */
export class Findings {
  readonly #kept = new Map<string, Kept>();
  readonly #users = { reader: new Map<string, FileUser>(), writer: new Map<string, FileUser>() };
  readonly #logNames: readonly string[];
  #omitted = 0;

  /** `logNames`: the names of all logs. Where there is only one, steps do not name it. */
  constructor(logNames: readonly string[]) {
    this.#logNames = logNames;
  }

  /** Whether the finding exists already. It is counted then, and needs no draft. */
  again(key: string, count = 1): boolean {
    const kept = this.#kept.get(key);
    if (kept === undefined) return false;
    kept.count += count;
    return true;
  }

  add(key: string, draft: Draft, count = 1): void {
    if (this.again(key, count)) return;
    if (this.#kept.size >= MOST_FINDINGS) this.#omitted += 1;
    else this.#kept.set(key, { draft, count });
  }

  get count(): number {
    return this.#kept.size + this.#omitted;
  }

  addUser(role: 'reader' | 'writer', user: FileUser): void {
    const users = this.#users[role];
    const key = `${user.pid} ${user.audit?.exe ?? ''} ${user.audit?.comm ?? ''} ${user.path}`;
    const known = users.get(key);
    if (known !== undefined) {
      known.count += user.count;
      known.locked += user.locked;
      for (const manner of user.manners) if (!known.manners.includes(manner)) known.manners.push(manner);
    } else if (users.size < MOST_USERS) users.set(key, user);
  }

  /** The part of a report with the findings. */
  report(): Pick<DiagnoseReport, 'findings' | 'omitted' | 'writers' | 'readers'> {
    const kept = [...this.#kept.values()];
    const explained = new Set(
      kept.filter(({ draft }) => draft.culprit && isDeath(draft)).map(({ draft }) => draft.path),
    );
    // A risk is left out where the accident has happened.
    const listed = kept.filter(({ draft }) => !(draft.kind === 'truncate-under-mapping' && explained.has(draft.path)));
    listed.sort((one, other) => rank(one.draft) - rank(other.draft) || firstOrder(one.draft) - firstOrder(other.draft));
    return {
      findings: listed.map((one) => this.#finish(one)),
      omitted: this.#omitted,
      writers: [...this.#users.writer.values()],
      readers: [...this.#users.reader.values()],
    };
  }

  /** The name of a log, where there are several. */
  logName(index: number): { log?: string } {
    const name = this.#logNames[index];
    return this.#logNames.length > 1 && name !== undefined ? { log: name } : {};
  }

  #finish({ draft, count }: Kept): Finding {
    const timeline = this.#timeline(draft);
    return {
      kind: draft.kind,
      path: draft.path,
      ...(draft.victim && { victim: this.#victim(draft.victim) }),
      ...(draft.culprit && { culprit: this.#party(draft.culprit) }),
      ...(draft.reader && { reader: this.#party(draft.reader) }),
      ...(draft.writer && { writer: this.#party(draft.writer) }),
      count,
      evidence: timeline.map(({ line }) => line),
      timeline,
      held: draft.held.map((lock) => this.#held(lock)),
      message: draft.message,
      advice: draft.advice,
    };
  }

  #timeline({ steps, later }: Draft): Step[] {
    const all = [...steps, ...(later?.marks ?? []).map((mark) => ({ mark, role: later?.role ?? 'culprit' }))];
    const seen = new Set<Mark>();
    return all
      .filter(({ mark }) => !seen.has(mark) && seen.add(mark))
      .sort((one, other) => one.mark.order - other.mark.order)
      .slice(0, MOST_STEPS)
      .map(({ mark, role }) => ({
        pid: mark.pid,
        ...(mark.tid !== mark.pid && { tid: mark.tid }),
        role,
        kind: mark.kind,
        line: mark.line,
        ...this.logName(mark.log),
        ...(!Number.isNaN(mark.timeMs) && { timeMs: Math.round(mark.timeMs * 1000) / 1000 }),
        call: callOf(mark),
      }));
  }

  #party({ process, mark, own }: PartyDraft): Party {
    return {
      pid: process.pid,
      ...(mark && mark.tid !== process.pid && { tid: mark.tid }),
      ...(process.program !== undefined && { program: process.program }),
      ...(mark && { call: callOf(mark), line: mark.line, ...this.logName(mark.log) }),
      lock: own,
    };
  }

  #victim(victim: VictimDraft): Victim {
    const { mapped, address, died } = victim;
    return {
      ...this.#party(victim),
      ...(address !== undefined && { address: hexadecimal(address) }),
      ...(mapped && {
        mapping: {
          address: hexadecimal(mapped.address),
          length: mapped.length,
          offset: mapped.offset,
          line: mapped.mark.line,
          ...this.logName(mapped.mark.log),
        },
      }),
      ...(died !== undefined && { died }),
    };
  }

  #held({ mark, mode, inode }: Lock): HeldSidecar {
    return { pid: mark.pid, path: inode.path, mode, line: mark.line, ...this.logName(mark.log) };
  }
}

export function hexadecimal(address: number): string {
  return `0x${address.toString(16)}`;
}

function isDeath({ kind }: Draft): boolean {
  return kind === 'sigbus-after-truncate';
}

function rank({ kind }: Draft): number {
  return FINDING_KINDS.indexOf(kind);
}

function firstOrder({ steps }: Draft): number {
  return Math.min(...steps.map(({ mark }) => mark.order));
}

/** Characters that a terminal or a page would act on instead of showing them. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** The text of a line, which was copied byte by byte. */
export function callOf({ text }: Mark): string {
  return Buffer.from(text, 'latin1')
    .toString('utf8')
    .replace(/ +(= )/, ' $1')
    .replace(/ <\d+\.\d+>$/, '')
    .replace(UNPRINTABLE, (character) => `\\u{${character.codePointAt(0)?.toString(16) ?? ''}}`);
}
