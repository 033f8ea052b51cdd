import { relative } from 'node:path';
import {
  type DurationRow,
  isHarm,
  type SizeRow,
  type WatchEvent,
  type WatchReport,
  type WatchSummary,
} from '../../diagnose/watch/index.js';
import { counted, formatCount, formatSpan, type Paint, printable } from '../text/index.js';

const WIDEST_BAR = 24;

/** A path as it would be typed in the working directory. */
export function shownPath(path: string): string {
  const near = relative(process.cwd(), path);
  return printable(near !== '' && !near.startsWith('..') ? near : path);
}

/** `    1.234567 s  cache.php  71 -> 0 bytes, in place`. */
export function eventLine(event: WatchEvent): string {
  return `${(event.atMs / 1_000).toFixed(6).padStart(12)} s  ${shownPath(event.path)}  ${whatHappened(event)}`;
}

function whatHappened(event: WatchEvent): string {
  switch (event.kind) {
    case 'begin':
      return event.bytes === null ? 'is not there' : `${bytes(event.bytes)}, inode ${event.inode}`;
    case 'resized':
      return `${formatCount(event.from)} -> ${bytes(event.to)}, in place`;
    case 'rewritten':
      return `written in place, ${bytes(event.bytes)} again`;
    case 'published':
      return `${formatCount(event.from)} -> ${bytes(event.to)}, new inode ${event.inode}`;
    case 'appeared':
      return `is there: ${bytes(event.to)}, inode ${event.inode}`;
    case 'vanished':
      return `is gone; it had ${bytes(event.from)}`;
    case 'empty':
      return event.over ? `had 0 bytes for ${formatSpan(event.durationMs)}` : 'still has 0 bytes';
  }
}

/** The observations of each file: a sentence, and two histograms. */
export function summaryText(report: WatchReport, paint: Paint): string {
  const parts = report.files.map((file) => fileText(file, report.elapsedMs, paint));
  if (report.interrupted) parts.push(paint('yellow', 'Interrupted: this is what was seen until then.'));
  return parts.join('\n\n');
}

/** The observations of one file as a sentence. */
export function watchSentence(file: WatchSummary): string {
  const { empty, shrunk, resized, rewritten, published, appeared, vanished } = file;
  const name = shownPath(file.path);
  const emptied = empty.truncated + empty.created;
  if (emptied > 0) {
    const cut = shrunk - empty.truncated;
    const also = cut > 0 ? ` It was also cut to other lengths in place, ${times(cut)}.` : '';
    const reader = 'whoever reads it then finds nothing';
    const harm = empty.truncated > 0 ? `whoever has it mapped and touches it then dies of SIGBUS, ${reader}` : reader;
    return `${name} became empty ${times(emptied)}, for up to ${formatSpan(empty.longestMs)}: ${harm}.${also}`;
  }
  if (isHarm(file)) {
    return `${name} was cut in place ${times(shrunk)}: what others have mapped of it beyond its new end is gone.`;
  }
  if (resized + rewritten > 0) {
    return `${name} was written in place ${times(resized + rewritten)}; it was not seen to shrink or to be empty, which can be too short to be seen. holdfast diagnose shows every call.`;
  }
  if (published > 0) {
    return `${name} was replaced ${times(published)}, by a new inode; it was not seen to shrink or to be empty.`;
  }
  if (appeared + vanished > 0) return `${name} came ${times(appeared)} and went ${times(vanished)}.`;
  return file.sizes.length === 0 ? `${name} was not there.` : `${name} kept its length and its inode.`;
}

function fileText(file: WatchSummary, elapsedMs: number, paint: Paint): string {
  const { looks, resized, shrunk, rewritten, published, vanished, empty } = file;
  const counts: [number, string][] = [
    [looks, `${counted(looks, 'look')} in ${formatSpan(elapsedMs)}`],
    [resized, `${counted(resized, 'change')} of length in place, ${formatCount(shrunk)} of them to a shorter one`],
    [rewritten, `written in place ${times(rewritten)} with the same length`],
    [published, counted(published, 'new inode')],
    [vanished, `gone ${times(vanished)}`],
  ];
  const told = counts.filter(([count]) => count > 0).map(([, text]) => text);
  const parts = [paint(colourOf(file), watchSentence(file)), paint('dim', told.join('; '))];
  if (file.sizes.length > 0) parts.push(...sizeTable(file.sizes, elapsedMs));
  if (empty.durations.length > 0) parts.push(...durationTable(empty.durations));
  return parts.join('\n');
}

/** Written in place, and no harm was seen: neither good nor bad. */
function colourOf(file: WatchSummary): 'red' | 'yellow' | 'green' {
  if (isHarm(file)) return 'red';
  return file.resized + file.rewritten > 0 ? 'yellow' : 'green';
}

function sizeTable(rows: readonly SizeRow[], elapsedMs: number): string[] {
  const cells = rows.map(({ fromBytes, toBytes, times, ms }) => [
    fromBytes === toBytes ? bytes(fromBytes) : `${formatCount(fromBytes)} to ${bytes(toBytes)}`,
    formatCount(times),
    formatSpan(ms),
  ]);
  const bars = rows.map(({ ms }) => bar(ms / elapsedMs));
  return ['', ...aligned([['length', 'times', 'in all'], ...cells], ['share of the time', ...bars])];
}

function durationTable(rows: readonly DurationRow[]): string[] {
  const most = Math.max(...rows.map(({ count }) => count));
  const cells = rows.map((row) => [shownDuration(row), formatCount(row.count)]);
  return ['', ...aligned([['at 0 bytes for', 'times'], ...cells], ['', ...rows.map(({ count }) => bar(count / most))])];
}

function shownDuration({ underMs }: DurationRow): string {
  return underMs === null ? '10 s and longer' : `less than ${formatSpan(underMs)}`;
}

/** Columns of numbers, to the right; bars after them. */
function aligned(rows: readonly (readonly string[])[], bars: readonly string[]): string[] {
  const widths = (rows[0] ?? []).map((_cell, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row, index) => {
    const cells = row.map((cell, column) => cell.padStart(widths[column] ?? 0));
    return `  ${cells.join('   ')}   ${bars[index] ?? ''}`.trimEnd();
  });
}

function bar(share: number): string {
  return '█'.repeat(share > 0 ? Math.max(1, Math.round(Math.min(1, share) * WIDEST_BAR)) : 0);
}

function times(count: number): string {
  return count === 1 ? 'once' : counted(count, 'time');
}

function bytes(count: number): string {
  return counted(count, 'byte');
}
