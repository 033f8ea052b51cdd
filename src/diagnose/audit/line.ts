import { standsThere } from '../lines/index.js';

/** One record of the kernel's audit log, as auditd writes it or ausearch prints it. */
export interface AuditRecord {
  /** `SYSCALL`, `PATH`, `CWD`, `PROCTITLE`, `EOE`, ... */
  readonly type: string;
  /** The event that the record belongs to: host, time and serial number. */
  readonly event: string;
  /** Milliseconds since 1970; NaN where the time is in a form that depends on the language (`ausearch -i`). */
  readonly timeMs: number;
  readonly fields: ReadonlyMap<string, string>;
}

/** Whether a line comes from an audit log. */
export function isAuditLine(bytes: Buffer, start: number, end: number): boolean {
  if (standsThere(bytes, 'type=', start, end) || standsThere(bytes, 'node=', start, end)) {
    return bytes.toString('latin1', start, Math.min(end, start + 300)).includes('msg=audit(');
  }
  return isAuditFrame(bytes, start, end);
}

/** The line that ausearch prints between events. */
export function isAuditFrame(bytes: Buffer, start: number, end: number): boolean {
  return standsThere(bytes, 'time->', start, end) || (end - start === 4 && standsThere(bytes, '----', start, end));
}

const HEAD = /^(?:node=(\S+) )?type=([A-Z0-9_]+) msg=audit\(([^)]*):(\d+)\) ?: ?/;
const EPOCH = /^\d+(?:\.\d+)?$/;
/** `03/28/2013 16:56:03.243`, which `ausearch -i` prints for most languages. */
const INTERPRETED = /^(\d{2})\/(\d{2})\/(\d{2,4}) (\d{2}):(\d{2}):(\d{2})\.(\d{3})$/;
/** Between the record and what auditd adds in clear text (`log_format = ENRICHED`). */
const ENRICHED = '\x1d';

/** Parses a record. `undefined` where the line is none. */
export function parseAuditLine(text: string): AuditRecord | undefined {
  const head = HEAD.exec(text);
  if (head === null) return undefined;
  const [whole, node = '', type = '', time = '', serial = ''] = head;
  return {
    type,
    event: `${node} ${time}:${serial}`,
    timeMs: timeOf(time),
    fields: fieldsOf(text.slice(whole.length).replace(ENRICHED, ' '), type),
  };
}

function timeOf(time: string): number {
  if (EPOCH.test(time)) return Number(time) * 1000;
  const parts = INTERPRETED.exec(time)?.slice(1).map(Number);
  if (parts === undefined) return Number.NaN;
  const [month = 1, day = 1, year = 1970, hour = 0, minute = 0, second = 0, millisecond = 0] = parts;
  return new Date(year < 100 ? 2000 + year : year, month - 1, day, hour, minute, second, millisecond).getTime();
}

/** `key=value`, `key="value"`; a value with spaces in it (`ausearch -i`) goes on to the next key. */
function fieldsOf(text: string, type: string): Map<string, string> {
  const fields = new Map<string, string>();
  if (type === 'PROCTITLE') {
    fields.set('proctitle', decoded(text.replace(/^proctitle=/, '')));
    return fields;
  }
  const pattern = /([A-Za-z0-9_-]+)=("[^"]*"|.*?)(?= [A-Za-z0-9_-]+=|\s*$)/g;
  for (const [, key = '', value = ''] of text.matchAll(pattern)) {
    if (!fields.has(key)) fields.set(key, TEXTUAL.has(key) ? decoded(value) : value);
  }
  return fields;
}

/** Fields that auditd writes in hexadecimal where they hold anything unusual. */
const TEXTUAL = new Set(['comm', 'exe', 'name', 'cwd']);
const HEXADECIMAL = /^(?:[0-9A-F]{2})+$/;

/** A text, quoted or as hexadecimal digits. The NULs between arguments of a command line become spaces. */
export function decoded(value: string): string {
  const text = value.trim();
  if (text.startsWith('"')) return text.slice(1, text.endsWith('"') ? -1 : undefined);
  if (!HEXADECIMAL.test(text)) return text;
  return Buffer.from(text, 'hex').toString('utf8').replace(/\0+$/, '').replaceAll('\0', ' ');
}
