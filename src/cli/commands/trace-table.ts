import { relative } from 'node:path';
import Table from 'cli-table3';
import type { TracedThread, TraceFinding, TraceReport } from '../../trace/report/index.js';
import { counted, formatCount, NO_BORDERS, type Paint, printable } from '../text/index.js';

const HEAD = ['without', 'of', 'how', 'line of the program', 'file', 'example request'];

/** A row for each line of the program that accesses without the lock. */
export function traceTable({ findings }: TraceReport, paint: Paint): string {
  const table = new Table({
    head: HEAD.map((title) => paint('bold', title)),
    colAligns: ['right', 'right', 'left', 'left', 'left', 'left'],
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
    chars: NO_BORDERS,
  });
  table.push(...findings.map((finding) => rowOf(finding, paint)));
  return `${paint('bold', 'Accesses without the lock')}, of files that are changed in place\n\n${table}`;
}

/** A sentence for each row, and below those with the same cure, what to change. */
export function traceVerdicts({ findings }: TraceReport): string {
  const byAdvice = new Map<string, string[]>();
  for (const { message, advice } of findings) byAdvice.set(advice, [...(byAdvice.get(advice) ?? []), message]);
  return [...byAdvice]
    .map(([advice, messages]) => [...messages, `  -> ${advice}`].map(printable).join('\n'))
    .join('\n\n');
}

/** How much the logs show: accesses, files, processes, and lines that could not be read. */
export function traceSummary(
  { findings, files, threads, accesses, unreadableLines }: TraceReport,
  paint: Paint,
): string {
  const inPlace = files.filter((file) => file.changedInPlace).length;
  const active = threads.filter((thread) => thread.accesses > 0);
  const idle = threads.length - active.length;
  const lines = [
    `${counted(accesses, 'access', 'accesses')} to ${counted(files.length, 'file')}, ${formatCount(inPlace)} of them changed in place, by ${counted(processesOf(active), 'process', 'processes')} (${counted(active.length, 'thread')}).`,
  ];
  if (idle > 0) lines.push(`${counted(idle, 'traced thread')} made none.`);
  if (findings.length === 0) lines.push(paint('green', verdictOfNone(inPlace)));
  const silent = threads.filter(({ exitStatus }) => exitStatus === undefined);
  if (silent.length > 0)
    lines.push(`No word of their end, so killed or still running: ${silent.map(name).join(', ')}.`);
  if (unreadableLines > 0) lines.push(`${counted(unreadableLines, 'line')} could not be read.`);
  return lines.join('\n');
}

function processesOf(threads: readonly TracedThread[]): number {
  return new Set(threads.map(({ pid }) => pid)).size;
}

function verdictOfNone(inPlace: number): string {
  if (inPlace === 0) return 'Nothing was changed in place: readers need no lock.';
  return 'Every access to a file that is changed in place had the lock.';
}

function rowOf({ accesses, withoutLock, how, site, paths, request }: TraceFinding, paint: Paint): string[] {
  const rest = paths.length - 1;
  return [
    paint('red', formatCount(withoutLock)),
    formatCount(accesses),
    Object.keys(how).join(', '),
    site === undefined
      ? '(not known)'
      : printable(`${near(site.file)}:${site.line}:${site.column}${site.function ? ` ${site.function}` : ''}`),
    `${printable(near(paths[0]?.path ?? ''))}${rest === 0 ? '' : ` and ${formatCount(rest)} more`}`,
    request === undefined ? '-' : printable(`${request.method} ${request.url}`),
  ];
}

/** Relative to the working directory, where that is shorter. */
function near(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere !== '' && fromHere.length < path.length && !fromHere.startsWith('..') ? fromHere : path;
}

function name({ pid, thread, accesses }: TracedThread): string {
  const part = thread === 0 ? `${pid}` : `${pid} (worker ${thread})`;
  return `${part} after ${counted(accesses, 'access', 'accesses')}`;
}
