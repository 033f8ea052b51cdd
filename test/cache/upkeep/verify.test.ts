import {
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { BLOCK_LENGTH, encodeEntry, tableLength } from '../../../src/cache/format/entry.js';
import { verify } from '../../../src/cache/upkeep/verify.js';
import type { VerifyProgress } from '../../../src/cache/upkeep/verify-report.js';
import { newHeader } from '../../../src/cache/write/encode.js';
import { openLockFile } from '../../../src/lock/index.js';
import { replaceSyscalls, syscalls } from '../../../src/os/syscalls.js';
import { cacheForTest, clearNow, has, noted, pathOf, put } from '../../helpers/cache.js';
import { skipWithoutKoffi } from '../../helpers/with-koffi.js';

skipWithoutKoffi();

const LARGE = 'x'.repeat(200_000);

/** Changes one byte of a file, counted from the end where negative. */
function damage(path: string, at: number): void {
  const bytes = readFileSync(path);
  const index = at < 0 ? bytes.length + at : at;
  bytes.writeUInt8(bytes.readUInt8(index) ^ 1, index);
  writeFileSync(path, bytes);
}

describe.each(['rename', 'flock'] as const)('verify, strategy %s', (strategy) => {
  test('finds nothing wrong with a cache that is whole', async () => {
    const core = cacheForTest({ strategy });
    for (let n = 0; n < 100; n += 1) put(core, `key ${n}`, 'x'.repeat(n * 10), n % 3 === 0 ? 1 : undefined);
    put(core, 'large', LARGE);
    put(core, 'empty', '');
    put(core, 'k'.repeat(60_000), 'value');
    const { entries, bytes } = noted(core);
    expect(await verify(core)).toEqual({ entries, bytes, problems: [], counts: {}, found: 0, repaired: 0 });
  });
});

describe('verify names what is wrong', () => {
  const cases: [string, string, (path: string) => void][] = [
    ['too short', 'value', (path) => truncateSync(path, 10)],
    ['too short', 'value', (path) => truncateSync(path, 0)],
    ['wrong magic', 'value', (path) => damage(path, 0)],
    ['unknown version', 'value', (path) => damage(path, 4)],
    ['header checksum', 'value', (path) => damage(path, 33)],
    ['payload checksum', 'value', (path) => damage(path, -1)],
    ['payload cut short', 'value', (path) => truncateSync(path, readFileSync(path).length - 1)],
    ['payload checksum', LARGE, (path) => damage(path, -1)],
    ['payload checksum', LARGE, (path) => damage(path, 100)],
    ['payload checksum', LARGE, (path) => damage(path, 150_000)],
    ['payload checksum', LARGE, forgeLastBlock],
    ['not a regular file', 'value', (path) => symlinkTo(path)],
    ['not a regular file', 'value', (path) => folderAt(path)],
  ];
  test.each(cases)('%s', async (problem, value, harm) => {
    const core = cacheForTest();
    put(core, 'whole', 'value');
    const path = put(core, 'key', value);
    harm(path);
    const report = await verify(core);
    expect(report.problems[0]).toEqual({ path, problem, repaired: false });
    expect(report.entries).toBe(1);
    const repaired = await verify(core, { repair: true });
    expect(repaired.counts).toMatchObject({ [problem]: 1 });
    expect(repaired.repaired).toBe(repaired.found);
    expect(await verify(core)).toMatchObject({ entries: 1, found: 0 });
    expect(has(core, 'whole')).toBe(true);
    expect(noted(core).entries).toBe(1);
  });

  test('wrong name: an entry whose key belongs elsewhere', async () => {
    const core = cacheForTest();
    const path = put(core, 'key', 'value');
    copyFileSync(put(core, 'other', 'value'), path);
    expect((await verify(core)).problems).toEqual([{ path, problem: 'wrong name', repaired: false }]);
  });

  test('unreadable: a broken block of the disk', async () => {
    const core = cacheForTest();
    const path = put(core, 'key', 'value');
    put(core, 'whole', 'value');
    const { open, read } = { ...syscalls };
    let broken: number | undefined;
    const restore = replaceSyscalls({
      open: (name, flags, mode) => {
        const fd = open(name, flags, mode);
        if (name === path) broken = fd;
        else if (broken === fd) broken = undefined;
        return fd;
      },
      read: (fd, ...more) => {
        if (fd === broken) throw Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' });
        return read(fd, ...more);
      },
    });
    const report = await verify(core);
    restore();
    expect(report.problems).toEqual([{ path, problem: 'unreadable', repaired: false }]);
    expect(report.entries).toBe(1);
  });

  test('orphaned temporary and stray, but not a temporary that somebody works on', async () => {
    const core = cacheForTest();
    const folder = dirname(put(core, 'key', 'value'));
    writeFileSync(`${folder}/.orphan`, '');
    writeFileSync(`${folder}/stray`, '');
    const live = openLockFile(`${folder}/.live`, undefined);
    expect(syscalls.tryFlock(live.fd, 'exclusive')).toBe(true);
    const { counts } = await verify(core);
    expect(counts).toEqual({ 'orphaned temporary': 1, stray: 1 });
    expect(await verify(core, { repair: true })).toMatchObject({ found: 2, repaired: 2 });
    expect(await verify(core)).toMatchObject({ found: 0, entries: 1 });
    syscalls.close(live.fd);
  });

  test('totals', async () => {
    const core = cacheForTest();
    const path = put(core, 'key', 'value');
    const { words } = core.sections.era;
    words.totals.add(core.place('key').shard, { entries: 3, bytes: 17, blocks: 3 });
    expect((await verify(core)).problems).toEqual([{ path: dirname(path), problem: 'totals', repaired: false }]);
    expect(noted(core).entries).toBe(4);
    await verify(core, { repair: true });
    expect(noted(core).entries).toBe(1);
    words.totals.add(core.place('key').shard, { entries: 3, bytes: 17, blocks: 3 });
    words.markForRecount(core.place('key').shard);
    // That they are wrong was known.
    expect((await verify(core)).found).toBe(0);
    expect(noted(core)).toMatchObject({ entries: 1, marked: 0 });
  });

  test('dead writer: what he left is repaired by entering', async () => {
    const core = cacheForTest();
    const path = put(core, 'key', 'value');
    const { shard, slot } = core.place('key');
    const { words } = core.sections.era;
    words.setBusy(shard, slot + 1);
    words.setEpoch(slot, words.epoch(slot) | 1);
    expect((await verify(core)).problems).toEqual([{ path: dirname(path), problem: 'dead writer', repaired: true }]);
    expect([words.busy(shard), words.epoch(slot) % 2]).toEqual([0, 0]);
    expect((await verify(core)).found).toBe(0);
  });
});

describe('verify', () => {
  test('what is whole when it is read again in the section is no finding', async () => {
    const core = cacheForTest({ strategy: 'flock' });
    const path = put(core, 'key', 'value');
    const whole = readFileSync(path);
    damage(path, -1);
    damage(path, 40);
    const section = core.sections.inside.bind(core.sections);
    core.sections.inside = (shard, mode, work, signal) => {
      writeFileSync(path, whole);
      return section(shard, mode, work, signal);
    };
    const { shard } = core.place('key');
    // Shards before it are counted in sections as well: harm it when its own is begun.
    const before = { ...syscalls };
    const restore = replaceSyscalls({
      readdir: (folder) => {
        if (folder === core.sections.era.paths.shardFolder(shard)) damage(path, 33);
        return before.readdir(folder);
      },
    });
    const report = await verify(core, { repair: true });
    restore();
    expect(report).toMatchObject({ found: 0, entries: 1 });
    expect(has(core, 'key')).toBe(true);
  });

  test('keeps a thousand problems, and counts them all', async () => {
    const core = cacheForTest();
    const folder = dirname(put(core, 'key', 'value'));
    for (let n = 0; n < 1_100; n += 1) writeFileSync(`${folder}/stray ${n}`, '');
    const report = await verify(core, { repair: true });
    expect(report.problems).toHaveLength(1_000);
    expect(report).toMatchObject({ counts: { stray: 1_100 }, found: 1_100, repaired: 1_100 });
  });

  test('tells how far it is, and can be broken off', async () => {
    const core = cacheForTest();
    put(core, 'key', 'value');
    const progress: VerifyProgress[] = [];
    await verify(core, { onProgress: (step) => progress.push(step) });
    expect(progress).toHaveLength(256);
    expect(progress.at(-1)).toEqual({ shards: 256, of: 256, entries: 1, bytes: noted(core).bytes, found: 0 });
    const aborted = verify(core, { signal: AbortSignal.abort(new Error('enough')) });
    await expect(aborted).rejects.toThrow('enough');
  });

  test('begins again where the cache is cleared meanwhile', async () => {
    const core = cacheForTest();
    const other = cacheForTest({ directory: core.directory });
    for (let n = 0; n < 50; n += 1) put(core, `key ${n}`, 'value');
    let cleared = false;
    const report = await verify(core, {
      onProgress: ({ shards }) => {
        if (cleared || shards < 128) return;
        cleared = true;
        clearNow(other);
      },
    });
    expect(report).toMatchObject({ entries: 0, found: 0 });
  });

  test('an entry that is not of this cache at all, but whole, counts as whole only under its own name', async () => {
    const core = cacheForTest();
    const place = core.place('key');
    const path = pathOf(core, 'key');
    writeFileSync(path, encodeEntry(newHeader(core, place, {}), Buffer.from('value')));
    // Nobody noted it.
    expect((await verify(core)).counts).toEqual({ totals: 1 });
    renameSync(path, `${path.slice(0, -1)}${path.endsWith('0') ? '1' : '0'}`);
    expect((await verify(core)).counts).toEqual({ 'wrong name': 1, totals: 1 });
  });
});

/** Changes the last block and its checksum in the table; the header's checksum of the table tells. */
function forgeLastBlock(path: string): void {
  const bytes = readFileSync(path);
  const payloadEnd = bytes.length - tableLength(LARGE.length);
  const blockStart = payloadEnd - (LARGE.length % BLOCK_LENGTH);
  bytes.write('forged', blockStart);
  bytes.writeUInt32LE(crc32(bytes.subarray(blockStart, payloadEnd)), bytes.length - 4);
  writeFileSync(path, bytes);
}

function symlinkTo(path: string): void {
  rmSync(path);
  symlinkSync('/etc/passwd', path);
}

function folderAt(path: string): void {
  rmSync(path);
  mkdirSync(path);
}
