import { clearScreenDown, cursorTo, moveCursor } from 'node:readline';
import { type WatchEvent, WatchTally } from '../../diagnose/watch/index.js';
import { clearInterval, monotonicNow, setInterval } from '../../os/timers.js';
import { counted, formatBytes, formatSpan, type Paint, paintFor } from '../text/index.js';
import { shownPath } from './watch-text.js';

const FRAME_MS = 100;
/** The time that one cell of the line of sizes stands for. */
const CELL_MS = 500;
const MOST_CELLS = 120;
const LEVELS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';

/** The longest length within the time of one cell, and whether the file had 0 bytes in a part of it. */
interface Cell {
  bytes: number | undefined;
  harm: 'none' | 'emptied';
}

/** The state of one file on the screen. */
interface Row {
  readonly tally: WatchTally;
  /** The last cells, and the number of the very last one since the watch began. */
  readonly cells: Cell[];
  lastCell: number;
  bytes: number | undefined;
}

/** A live picture of the files on a terminal. */
export interface WatchScreen {
  show(event: WatchEvent): void;
  end(): void;
}

/** Draws ten times a second, over the picture before. `end` leaves the last picture on the terminal. */
export function beginScreen(stream: NodeJS.WriteStream): WatchScreen {
  const paint = paintFor(stream);
  const rows = new Map<string, Row>();
  let startedAt = monotonicNow();
  let drawn = 0;
  let ended = false;
  const draw = () => {
    const atMs = monotonicNow() - startedAt;
    for (const row of rows.values()) extend(row, atMs);
    const lines = screenLines(rows, atMs, stream.columns, paint).slice(0, Math.max(1, stream.rows - 1));
    if (drawn > 0) moveCursor(stream, 0, -drawn);
    cursorTo(stream, 0);
    clearScreenDown(stream);
    stream.write(`${lines.join('\n')}\n`);
    drawn = lines.length;
  };
  const timer = setInterval(draw, FRAME_MS);
  const end = () => {
    if (ended) return;
    ended = true;
    clearInterval(timer);
    process.off('exit', end);
    draw();
    stream.write(SHOW_CURSOR);
  };
  process.on('exit', end);
  stream.write(HIDE_CURSOR);
  return {
    show(event) {
      let row = rows.get(event.path);
      if (row === undefined) {
        if (rows.size === 0) startedAt = monotonicNow() - event.atMs;
        row = { tally: new WatchTally(event.path), cells: [], lastCell: -1, bytes: undefined };
        rows.set(event.path, row);
      }
      row.tally.add(event);
      follow(row, event);
    },
    end,
  };
}

function follow(row: Row, event: WatchEvent): void {
  if (event.kind === 'empty' || event.kind === 'rewritten') return;
  if (event.kind === 'begin') row.bytes = event.bytes ?? undefined;
  else row.bytes = event.kind === 'vanished' ? undefined : event.to;
  const cell = extend(row, event.atMs);
  if (row.bytes !== undefined) cell.bytes = Math.max(row.bytes, cell.bytes ?? 0);
  if (row.bytes === 0 && event.kind !== 'begin') cell.harm = 'emptied';
}

/** Adds cells to a row up to now. Returns the last one. */
function extend(row: Row, atMs: number): Cell {
  const cell = Math.floor(atMs / CELL_MS);
  for (let missing = Math.min(cell - row.lastCell, MOST_CELLS); missing > 0; missing -= 1) {
    row.cells.push({ bytes: row.bytes, harm: 'none' });
  }
  row.cells.splice(0, row.cells.length - MOST_CELLS);
  row.lastCell = cell;
  return row.cells.at(-1) ?? { bytes: undefined, harm: 'none' };
}

/** The picture: two lines for each file, and one above them. */
function screenLines(rows: ReadonlyMap<string, Row>, atMs: number, columns: number, paint: Paint): string[] {
  const head = `watching ${counted(rows.size, 'file')} for ${formatSpan(atMs)}; Ctrl-C ends it`;
  const lines = [...rows.values()].flatMap((row) => {
    const { empty, shrunk, published } = row.tally.summary(atMs, 0);
    const emptied = empty.truncated + empty.created;
    const now = row.bytes === undefined ? 'not there' : formatBytes(row.bytes);
    const longest = emptied > 0 ? `, for up to ${formatSpan(empty.longestMs)}` : '';
    const counts: [string, number][] = [
      [`${counted(emptied, 'time')} empty${longest}`, emptied],
      [`${counted(shrunk, 'cut')} in place`, shrunk],
      [counted(published, 'new inode'), 0],
    ];
    const name = fitted(shownPath(row.tally.path), Math.max(10, columns - 14));
    return [
      `${paint('bold', name)}  ${now}`,
      `  ${sparkline(row.cells, columns - 4, paint)}`,
      `  ${asFarAsItFits(counts, columns - 2, paint)}`,
    ];
  });
  return [paint('dim', head.slice(0, columns - 1)), ...lines];
}

/** Cuts a line: one that the terminal wraps could not be drawn over. */
function asFarAsItFits(counts: readonly [text: string, harm: number][], width: number, paint: Paint): string {
  const fitting = counts.filter((_count, index) => {
    const upTo = counts.slice(0, index + 1).map(([text]) => text);
    return upTo.join('   ').length <= width;
  });
  return fitting.map(([text, harm]) => (harm > 0 ? paint('red', text) : text)).join('   ');
}

/** The last cells that there is room for, in proportion to the largest; red where the file was empty in between. */
function sparkline(cells: readonly Cell[], width: number, paint: Paint): string {
  const shown = cells.slice(-Math.max(1, width));
  const most = Math.max(1, ...shown.map(({ bytes = 0 }) => bytes));
  return shown
    .map(({ bytes, harm: kind }) => {
      const level = bytes === undefined ? ' ' : (LEVELS[Math.round((bytes / most) * (LEVELS.length - 1))] ?? ' ');
      return kind === 'none' ? level : paint('red', level);
    })
    .join('');
}

/** The end of a path says more than its beginning. */
function fitted(text: string, width: number): string {
  return text.length <= width ? text : `…${text.slice(text.length - width + 1)}`;
}
