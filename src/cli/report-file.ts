import { accessSync, constants, existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { InvalidArgumentError } from 'commander';

/** The file of `--html`. Unlike JSON, a page is nothing for a pipe. */
export function toPageFile(text: string): string {
  if (text !== '' && text !== '-') return text;
  throw new InvalidArgumentError('Expected a file.');
}

/** Throws the system's error where a report cannot be written: told before the work, not after it. */
export function assertWritable(file: string): void {
  accessSync(existsSync(file) ? file : dirname(file), constants.W_OK);
}
