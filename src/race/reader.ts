/** A process that reads the cache file until it is told to stop, or until SIGBUS ends it. Started by the supervisor. */
import { performance } from 'node:perf_hooks';
import { takePart } from './child.js';

await takePart(() => async (contender, tally) => {
  const start = performance.now();
  const finding = await contender.read();
  tally.addLatency(performance.now() - start);
  tally.add('reads');
  if (finding !== 'ok') tally.add(finding);
});
