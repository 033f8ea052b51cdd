import { type Interruption, listenForInterruption } from '../process/index.js';
import { type CacheProgress, displayCacheProgress } from './cache-progress.js';

/**
 * Runs what may take long: with a progress bar, and to be ended by Ctrl-C in its own time. `undefined` where it was interrupted; the exit
 * status says so.
 */
export async function runLong<T>(
  job: (signal: AbortSignal, progress: CacheProgress) => Promise<T>,
): Promise<T | undefined> {
  const interruption: Interruption = listenForInterruption();
  const progress = displayCacheProgress(process.stderr);
  try {
    return await job(interruption.signal, progress);
  } catch (error) {
    if (interruption.exitStatus === undefined) throw error;
    process.exitCode = interruption.exitStatus;
    return undefined;
  } finally {
    progress.end();
    interruption.end();
  }
}
