import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { StrategyName } from '../../src/index.js';
import { countTogether, expectExact } from '../helpers/count-together.js';
import { temporaryFolder } from '../helpers/folder.js';
import { needs } from '../helpers/needs.js';
import { run, runProgram } from '../helpers/run.js';
import { scaled } from '../helpers/scale.js';

const PROCESSES = 8;
/** What takes a few seconds. counter.stress.ts has 2,000 for all but the last. */
const SHORT: [strategy: StrategyName, each: number][] = [
  ['flock', scaled(250, 2_000)],
  ['rename', scaled(50, 200)],
  ['write-file-atomic', scaled(25, 50)],
  ['proper-lockfile', scaled(25, 50)],
];

/** Each of two processes in JavaScript and two in Python. */
const MIXED = String(scaled(100, 300));

test.each(SHORT)('8 processes lose no update: %s, %d each', async (strategy, each) => {
  const path = join(temporaryFolder(), 'count');
  const counters = Array.from({ length: PROCESSES }, () => run('increment.mjs', [path, String(each), strategy]));
  expectExact(await countTogether(path, counters), PROCESSES * each);
});

test.each(['flock', 'rename'])('with a lock that always grants they lose some: %s', async (strategy) => {
  const path = join(temporaryFolder(), 'count');
  writeFileSync(path, '0');
  const counters = Array.from({ length: PROCESSES }, () =>
    run('increment.mjs', [path, '50', strategy], { HOLDFAST_TEST_LOCK: 'broken' }),
  );
  const { inFile, written } = await countTogether(path, counters);
  expect(inFile).not.toBe(PROCESSES * 50);
  expect(new Set(written).size).toBeLessThan(PROCESSES * 50);
});

test.skipIf(!needs('python3')).each(['flock', 'rename'])(
  'JavaScript and Python together lose no update: %s',
  async (strategy) => {
    const path = join(temporaryFolder(), 'count');
    const script = new URL('../processes/increment.py', import.meta.url).pathname;
    const counters = [
      ...Array.from({ length: 2 }, () => run('increment.mjs', [path, MIXED, strategy])),
      ...Array.from({ length: 2 }, () => runProgram('python3', [script, path, MIXED])),
    ];
    expectExact(await countTogether(path, counters), 4 * Number(MIXED));
  },
);
