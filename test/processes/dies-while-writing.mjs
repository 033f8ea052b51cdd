// @ts-check
// Kills itself in the middle of a write: node dies-while-writing.mjs DIRECTORY STRATEGY KEY STEP, after the step of this name. What a step
// before it did stays done.
import { FileCache } from '../../dist/cache/file-cache.js';
import { protocol, steps } from '../../dist/cache/shared/protocol.js';

const [directory = '', strategy = 'rename', key = '', name = ''] = process.argv.slice(2);
const cache = new FileCache({ directory, strategy: strategy === 'flock' ? 'flock' : 'rename' });
cache.getSync(key);
for (const list of [protocol.begin, protocol.finish]) {
  list.forEach((step, index) => {
    if (step !== Object.entries(steps).find(([known]) => known === name)?.[1]) return;
    list[index] = (words, party) => {
      const outcome = step(words, party);
      process.kill(process.pid, 'SIGKILL');
      return outcome;
    };
  });
}
cache.setSync(key, 'written by the dead');
