import { errorCode } from '../../errors.js';
import { ExitStatus } from './exit-status.js';

let failure: unknown;

/**
 * Handles the errors of standard output and standard error. A reader that leaves early (`holdfast race | head -1`) is
 * no error. A report that cannot be written is status 2, whatever the command found.
 */
export function guardStandardStreams(): void {
  process.stdout.on('error', (error) => {
    if (errorCode(error) === 'EPIPE') return;
    complain(error);
  });
  // There is nowhere to report this.
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
