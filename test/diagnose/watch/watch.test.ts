import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { WatchEvent } from '../../../src/diagnose/watch/events.js';
import { type WatchReport, watchFiles } from '../../../src/diagnose/watch/watch.js';
import { openFilesIn } from '../../helpers/descriptors.js';
import { temporaryFolder } from '../../helpers/folder.js';
import { run } from '../../helpers/run.js';

/** Watches a file that another process rewrites, until so many events of a kind were seen; within 20 s they surely were. */
async function watchWriter(
  how: 'truncate' | 'rename',
  until: WatchEvent['kind'],
): Promise<{ report: WatchReport; events: WatchEvent[] }> {
  const path = `${temporaryFolder()}/file`;
  await run('rewrite.mjs', [path, how]).said('writing');
  const enough = new AbortController();
  const events: WatchEvent[] = [];
  const onEvent = (event: WatchEvent) => {
    events.push(event);
    if (events.filter(({ kind }) => kind === until).length >= 50) enough.abort();
  };
  const report = await watchFiles([path], { seconds: 20, signal: enough.signal, onEvent });
  return { report, events };
}

describe('a watch', () => {
  test('sees moments at 0 bytes of a writer that truncates', async () => {
    const { report, events } = await watchWriter('truncate', 'empty');
    expect(report).toMatchObject({ schema: 1, interrupted: true, found: true });
    const [file] = report.files;
    expect(file).toMatchObject({ published: 0, vanished: 0 });
    expect(file?.empty.truncated).toBeGreaterThanOrEqual(49);
    expect(file?.empty.longestMs).toBeGreaterThan(0);
    expect(file?.empty.durations.reduce((sum, { count }) => sum + count, 0)).toBe(file?.empty.moments);
    expect(file?.sizes[0]).toMatchObject({ fromBytes: 0, toBytes: 0 });
    for (const event of events) {
      if (event.kind === 'empty') expect(event.mostMs).toBeGreaterThanOrEqual(event.durationMs);
    }
  });

  test('sees new inodes, and no moment at 0 bytes, of a writer that renames', async () => {
    const { report, events } = await watchWriter('rename', 'published');
    expect(report.found).toBe(false);
    expect(report.files[0]).toMatchObject({
      resized: 0,
      shrunk: 0,
      rewritten: 0,
      vanished: 0,
      empty: { moments: 0, durations: [] },
    });
    // The lengths differ: a replaced file whose inode number came back is not taken for one that was cut.
    expect(new Set(events.map(({ kind }) => kind))).toEqual(new Set(['begin', 'published']));
  });

  test('watches several files at once, those that are not there too, and leaves no descriptor', async () => {
    const folder = temporaryFolder();
    writeFileSync(`${folder}/there`, 'content');
    const report = await watchFiles([`${folder}/there`, `${folder}/missing`, `${folder}/there`], { seconds: 0.05 });
    expect(report).toMatchObject({ interrupted: false, found: false });
    expect(report.elapsedMs).toBeGreaterThanOrEqual(50);
    expect(report.files.map(({ path }) => path)).toEqual([`${folder}/there`, `${folder}/missing`]);
    expect(report.files[0]).toMatchObject({
      resized: 0,
      published: 0,
      sizes: [{ fromBytes: 7, toBytes: 7, times: 1 }],
    });
    expect(report.files[1]).toMatchObject({ appeared: 0, sizes: [] });
    expect(report.files[0]?.looks).toBeGreaterThan(2);
    if (process.platform === 'linux') expect(openFilesIn(folder)).toEqual([]);
  });

  test('refuses what cannot be watched', async () => {
    const folder = temporaryFolder();
    mkdirSync(`${folder}/folder`);
    const wrong = { code: 'ERR_INVALID_ARGUMENT' };
    await expect(watchFiles([])).rejects.toMatchObject(wrong);
    await expect(watchFiles([`${folder}/folder`])).rejects.toMatchObject(wrong);
    await expect(watchFiles([`${folder}/file`], { seconds: 0 })).rejects.toMatchObject(wrong);
    await expect(watchFiles([`${folder}/missing/file`])).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
