import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Counters, type Sharing } from '../../../src/race/data/counters.js';
import { percentiles } from '../../../src/race/data/latency.js';
import { temporaryFolder } from '../../helpers/folder.js';
import { needs } from '../../helpers/needs.js';

const WAYS: Sharing[] = needs('koffi') ? ['mapped', 'written'] : ['written'];
const PAIRS = WAYS.flatMap((supervisor) => WAYS.map((process) => [supervisor, process] as const));

describe.each(PAIRS)('counters, %s by the supervisor and %s by the processes', (supervisor, process) => {
  test('the supervisor sees what each process saved, also after its end', () => {
    const path = join(temporaryFolder(), 'shared');
    const counters = Counters.create(path, 3, supervisor);
    for (const slot of [0, 2]) {
      const own = Counters.open(path, 3, process);
      const tally = own.tally(slot);
      tally.add('reads');
      tally.add('torn');
      tally.addLatency(slot === 0 ? 1 : 100);
      tally.save();
      own.close();
    }
    expect(counters.totals()).toEqual({ reads: 2, writes: 0, updates: 0, empty: 0, torn: 2, errors: 0 });
    expect(percentiles(counters.latencies([0])).p50).toBeCloseTo(1, 1);
    expect(percentiles(counters.latencies([2])).p50).toBeCloseTo(100, -1);
    counters.close();
  });

  test('a process that takes the place of a dead one goes on from its counts', () => {
    const path = join(temporaryFolder(), 'shared');
    const counters = Counters.create(path, 1, supervisor);
    for (let life = 0; life < 3; life += 1) {
      const own = Counters.open(path, 1, process);
      const tally = own.tally(0);
      tally.add('reads');
      tally.save();
      own.close();
    }
    expect(counters.totals().reads).toBe(3);
    counters.close();
  });
});
