import { InvalidArgumentError } from 'commander';

/** Parses an option that is a count or a process id. */
export function toWholeNumber(text: string): number {
  if (/^\d{1,10}$/.test(text) && Number(text) > 0) return Number(text);
  throw new InvalidArgumentError('Expected a whole number, 1 or more.');
}
