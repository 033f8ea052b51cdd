import { expect, test } from 'vitest';
import { beginScreen } from '../../../src/cli/screen/watch-screen.js';
import type { WatchEvent } from '../../../src/diagnose/watch/events.js';

/** What a terminal of this size is sent. */
function terminal(columns: number): { stream: NodeJS.WriteStream; sent(): string } {
  let sent = '';
  const write = (text: string) => {
    sent += text;
    return true;
  };
  const stream = { columns, rows: 24, isTTY: true, hasColors: () => false, write };
  return { stream: stream as unknown as NodeJS.WriteStream, sent: () => sent };
}

const PATH = '/var/cache/\u001b[31mred';
const EVENTS: WatchEvent[] = [
  { kind: 'begin', path: PATH, atMs: 0, bytes: 71, inode: 7 },
  { kind: 'resized', path: PATH, atMs: 1, from: 71, to: 0 },
  { kind: 'resized', path: PATH, atMs: 1.2, from: 0, to: 71 },
  { kind: 'empty', path: PATH, atMs: 1, origin: 'truncated', durationMs: 0.2, mostMs: 0.3, over: true },
  { kind: 'published', path: PATH, atMs: 2, from: 71, to: 60, inode: 8 },
];

test.each([[40], [80], [200]])('draws what there is room for on %i columns, and gives the cursor back', (columns) => {
  const { stream, sent } = terminal(columns);
  const screen = beginScreen(stream);
  for (const event of EVENTS) screen.show(event);
  screen.end();
  screen.end();
  const text = sent();
  expect(text.startsWith('\u001b[?25l')).toBe(true);
  expect(text.endsWith('\u001b[?25h')).toBe(true);
  const picture = text.slice(text.indexOf('watching'), -'\u001b[?25h'.length);
  // What the path would have done to the terminal is shown instead.
  expect(picture).toContain('u001b[31mred  60 B');
  expect(picture).not.toContain('\u001b');
  expect(picture).toContain('1 time empty, for up to 200 µs');
  for (const line of picture.split('\n')) expect(line.length).toBeLessThanOrEqual(columns);
  if (columns >= 80)
    expect(picture).toMatch(/█\n {2}1 time empty, for up to 200 µs {3}1 cut in place {3}1 new inode\n$/);
});
