/** A process that reads the cache file until it is told to stop, or until SIGBUS ends it. Started by the supervisor. */

import { monotonicNow } from '../../os/timers.js';
import { takePart } from './child.js';

await takePart(() => async (contender, tally) => {
  const start = monotonicNow();
  const finding = await contender.read();
  tally.addLatency(monotonicNow() - start);
  tally.add('reads');
  if (finding !== 'ok') tally.add(finding);
});
