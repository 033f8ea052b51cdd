import { errorCode } from '../../errors.js';
import { ExitStatus } from './exit-status.js';

let failure: unknown;

/**
 * Sees to what can go wrong with standard output and standard error: that a reader leaves early is none of its business
 * (`holdfast race | head -1`), and that a report cannot be written is status 2, whatever the command found.
 */
export function guardStandardStreams(): void {
  process.stdout.on('error', (error) => {
    if (errorCode(error) === 'EPIPE') return;
    complain(error);
  });
  // Nobody could be told.
  process.stderr.on('error', () => {});
  process.on('exit', () => {
    if (failure !== undefined) process.exitCode = ExitStatus.wrongUse;
  });
}

/** Prints why the command fails, each error once. */
export function complain(error: unknown): void {
  if (error === failure) return;
  failure = error;
  console.error(`holdfast: ${error instanceof Error ? error.message : String(error)}`);
}
