import { type Interruption, listenForInterruption } from '../process/index.js';
import { type CacheProgress, displayCacheProgress } from './cache-progress.js';

/**
 * Runs work that may take long, with a progress bar. Ctrl-C ends it in an orderly way: then it gives `undefined`, and
 * sets the exit status.
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
