// @ts-check
import { displayCacheProgress } from '../../dist/cli/progress/cache-progress.js';

const LINE_EVERY_MS = 10_000;

/**
 * A bar on a terminal; elsewhere a line from time to time, so that a log shows that it goes on.
 *
 * @returns {import('../../dist/cli/progress/cache-progress.js').CacheProgress}
 */
export function displayProgress() {
  const { stderr } = process;
  const bar = displayCacheProgress(stderr);
  let nextLine = performance.now() + LINE_EVERY_MS;
  return {
    show(done, total, remark = '') {
      bar.show(done, total, remark);
      if (stderr.isTTY || performance.now() < nextLine) return;
      nextLine = performance.now() + LINE_EVERY_MS;
      stderr.write(`${done} of ${total}: ${remark}\n`);
    },
    end: () => bar.end(),
  };
}
