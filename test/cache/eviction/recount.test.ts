import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { runSteps } from '../../../src/cache/sections/steps.js';
import { recountShard } from '../../../src/cache/shards/recount.js';
import { totals } from '../../../src/cache/upkeep/totals.js';
import { replaceSyscalls, syscalls } from '../../../src/os/syscalls.js';
import { cacheForTest, noted, pathOf, put } from '../../helpers/cache.js';
import { onDisk } from '../../helpers/ground-truth.js';
import { skipWithoutKoffi } from '../../helpers/with-koffi.js';

skipWithoutKoffi();

let restore = () => {};
afterEach(() => restore());

describe('counting a shard by hand', () => {
  test('comes to what the writers noted', async () => {
    const core = cacheForTest();
    const paths = Array.from({ length: 300 }, (_, n) => put(core, `key ${n}`, 'x'.repeat(n)));
    const bytes = paths.reduce((sum, path) => sum + statSync(path).size, 0);
    const { diskBytes } = onDisk(core.directory);
    expect(noted(core)).toEqual({ entries: 300, bytes, diskBytes, marked: 0 });
    for (let shard = 0; shard < 256; shard += 1) core.sections.era.words.markForRecount(shard);
    expect(await totals(core)).toEqual({ entries: 300, bytes, diskBytes });
    expect(noted(core)).toEqual({ entries: 300, bytes, diskBytes, marked: 0 });
  });

  test('corrects totals that are wrong, and passes over temporaries, folders and strays', async () => {
    const core = cacheForTest();
    const path = put(core, 'key', 'value');
    const { shard } = core.place('key');
    const { words } = core.sections.era;
    writeFileSync(`${dirname(path)}/.temporary`, 'half');
    writeFileSync(`${dirname(path)}/stray`, 'stray');
    mkdirSync(`${dirname(path)}/${basename(path).slice(0, 2).padEnd(64, '0')}`);
    words.totals.set(shard, { entries: 17, bytes: 4711, blocks: 99 });
    expect(noted(core).entries).toBe(17);
    words.markForRecount(shard);
    expect(await totals(core)).toEqual({ entries: 1, bytes: statSync(path).size, diskBytes: 4_096 });
  });

  test('only looks where it is told to compare', async () => {
    const core = cacheForTest();
    put(core, 'key', 'value');
    const { shard } = core.place('key');
    core.sections.era.words.totals.set(shard, { entries: 5, bytes: 0, blocks: 0 });
    const { counted, noted: former } = await runSteps(core, recountShard(core.sections.era, shard, 'compare'));
    expect([counted.entries, former.entries, noted(core).entries]).toEqual([1, 5, 5]);
  });

  test('what is written between the count and the section is counted again', () => {
    const core = cacheForTest();
    const key = 'key';
    const { shard } = core.place(key);
    put(core, key, 'value');
    const steps = recountShard(core.sections.era, shard);
    // The next step is the section: everything has been counted.
    const step = steps.next().value;
    expect(step).toHaveProperty('work');
    put(core, key, 'a longer value than before');
    if (step && 'work' in step) core.sections.insideSync(shard, 'exclusive', step.work);
    expect(steps.next()).toMatchObject({ done: true, value: { counted: { bytes: statSync(pathOf(core, key)).size } } });
    expect(noted(core)).toMatchObject({ entries: 1, bytes: statSync(pathOf(core, key)).size });
  });

  test('does not hold the event loop up', async () => {
    const core = cacheForTest();
    const { shard } = core.place('key');
    const folder = dirname(put(core, 'key', 'value'));
    const prefix = core.place('key').hash.slice(0, 2);
    for (let n = 0; n < 500; n += 1) writeFileSync(`${folder}/${prefix}${n.toString(16).padStart(62, '0')}`, 'x');
    const { lstat } = syscalls;
    restore = replaceSyscalls({
      lstat: (path) => {
        const end = performance.now() + 0.1;
        while (performance.now() < end);
        return lstat(path);
      },
    });
    let turns = 0;
    const turn = () => {
      turns += 1;
      next = setImmediate(turn);
    };
    let next = setImmediate(turn);
    const { counted } = await runSteps(core, recountShard(core.sections.era, shard));
    clearImmediate(next);
    expect(counted.entries).toBe(501);
    // 50 ms of work, in slices of 4 ms and a step of 6.
    expect(turns).toBeGreaterThan(3);
  });
});

test('totals in an era that has ended are those of the next', async () => {
  const core = cacheForTest();
  put(core, 'key', 'value');
  core.sections.era.words.markForRecount(core.place('key').shard);
  core.sections.era.words.endEra();
  expect(await totals(core)).toEqual({ entries: 0, bytes: 0, diskBytes: 0 });
});
