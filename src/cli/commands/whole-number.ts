import { InvalidArgumentError } from 'commander';

/** An option that counts, or names a process. */
export function toWholeNumber(text: string): number {
  if (/^\d{1,10}$/.test(text) && Number(text) > 0) return Number(text);
  throw new InvalidArgumentError('Expected a whole number, 1 or more.');
}
