import { mkdirSync, renameSync, rmdirSync, truncateSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import type { WatchEvent } from '../../../src/diagnose/watch/events.js';
import { WatchTally } from '../../../src/diagnose/watch/tally.js';
import { WatchedFile } from '../../../src/diagnose/watch/watched-file.js';
import { temporaryFolder } from '../../helpers/folder.js';

/** A file that is looked at when the test says so, with a clock that goes on by one at each look. */
function watched(content?: string): { path: string; look(): Partial<WatchEvent>[]; end(): Partial<WatchEvent>[] } {
  const path = `${temporaryFolder()}/file`;
  if (content !== undefined) writeFileSync(path, content);
  let events: WatchEvent[] = [];
  let nowMs = 0;
  const file = new WatchedFile(path, (event) => events.push(event));
  file.begin(nowMs);
  onTestFinished(() => file.end(nowMs));
  const take = () => {
    const taken = events;
    events = [];
    return taken.map(({ path: _path, ...event }) => event);
  };
  take();
  const look = () => {
    nowMs += 1;
    file.look(nowMs);
    return take();
  };
  const end = () => {
    nowMs += 1;
    file.end(nowMs);
    return take();
  };
  return { path, look, end };
}

const inode = expect.any(Number);

test('a file that is cut and written again was empty, for a time within bounds', () => {
  const { path, look } = watched('content');
  expect(look()).toEqual([]);
  truncateSync(path);
  expect(look()).toEqual([{ kind: 'resized', atMs: 2, from: 7, to: 0 }]);
  expect(look()).toEqual([]);
  writeFileSync(path, 'more');
  expect(look()).toEqual([
    { kind: 'resized', atMs: 4, from: 0, to: 4 },
    { kind: 'empty', atMs: 2, origin: 'truncated', durationMs: 2, mostMs: 3, over: true },
  ]);
});

test('a file that is written in place and has its old length again is not taken for one that nobody touched', () => {
  const { path, look } = watched('content');
  writeFileSync(path, 'CONTENT');
  utimesSync(path, 1, 1);
  expect(look()).toEqual([{ kind: 'rewritten', atMs: 1, bytes: 7 }]);
  expect(look()).toEqual([]);
});

test('a file that comes, goes, comes back empty and is filled by another', () => {
  const { path, look } = watched();
  expect(look()).toEqual([]);
  writeFileSync(path, 'abc');
  expect(look()).toEqual([{ kind: 'appeared', atMs: 2, to: 3, inode }]);
  unlinkSync(path);
  expect(look()).toEqual([{ kind: 'vanished', atMs: 3, from: 3 }]);
  writeFileSync(path, '');
  expect(look()).toEqual([{ kind: 'appeared', atMs: 4, to: 0, inode }]);
  writeFileSync(`${path}.tmp`, 'abcd');
  renameSync(`${path}.tmp`, path);
  expect(look()).toEqual([
    { kind: 'published', atMs: 5, from: 0, to: 4, inode },
    { kind: 'empty', atMs: 4, origin: 'created', durationMs: 1, mostMs: 2, over: true },
  ]);
});

test('what is still empty at the end is told, and what was empty before is nobody’s harm', () => {
  const { path, look, end } = watched('');
  const tally = new WatchTally(path);
  expect(look()).toEqual([]);
  const events = end();
  expect(events).toEqual([{ kind: 'empty', atMs: 0, origin: 'before', durationMs: 2, mostMs: 2, over: false }]);
  for (const event of events) tally.add({ ...event, path } as WatchEvent);
  expect(tally.summary(2, 1).empty).toMatchObject({ moments: 1, truncated: 0, created: 0, totalMs: 2 });
});

test('a folder at its path is not the file', () => {
  const { path, look } = watched('abc');
  unlinkSync(path);
  mkdirSync(path);
  expect(look()).toEqual([{ kind: 'vanished', atMs: 1, from: 3 }]);
  rmdirSync(path);
  expect(look()).toEqual([]);
});

test.skipIf(process.platform !== 'linux')(
  'a new version never passes for the old one, though inode numbers come back',
  () => {
    const { path, look } = watched('x'.repeat(500));
    const kinds = new Set<string | undefined>();
    for (let turn = 499; turn > 200; turn -= 1) {
      // Between two looks the file is replaced twice: the number of the first inode would be free for the third.
      for (const text of ['y', 'x'.repeat(turn)]) {
        unlinkSync(path);
        writeFileSync(path, text);
      }
      for (const { kind } of look()) kinds.add(kind);
    }
    expect(kinds).toEqual(new Set(['published']));
  },
);
