/**
 * A process that rewrites the cache file, and adds one to the counter after each time, until it is told to stop.
 * Started by the supervisor.
 */

import { monotonicNow } from '../../os/timers.js';
import { PayloadSource } from '../data/index.js';
import { takePart } from './child.js';

await takePart(({ bytes, seed, slot }) => {
  const payloads = new PayloadSource(bytes, seed, slot);
  return async (contender, tally) => {
    const payload = payloads.next();
    const start = monotonicNow();
    await contender.write(payload);
    tally.addLatency(monotonicNow() - start);
    tally.add('writes');
    await contender.increment();
    tally.add('updates');
  };
});
