import { buffer } from 'node:stream/consumers';
import { HoldfastError } from '../../errors.js';

/** As an argument, it stands for standard input. */
export const STANDARD_INPUT = '-';

/** All of standard input. */
export function readInput(): Promise<Buffer> {
  return buffer(process.stdin);
}

/** Keys as arguments, or one in each line of standard input. */
export async function keysFrom(args: readonly string[]): Promise<string[]> {
  if (!(args.length === 1 && args[0] === STANDARD_INPUT)) return [...args];
  const lines = asText(await readInput()).split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** A key as an argument, or all of standard input without the line break at its end. */
export async function keyFrom(argument: string): Promise<string> {
  if (argument !== STANDARD_INPUT) return argument;
  return asText(await readInput()).replace(/\n$/, '');
}

/** Throws `ERR_INVALID_ARGUMENT` where the bytes are not UTF-8: they would be stored as other text. */
export function asText(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new HoldfastError('ERR_INVALID_ARGUMENT', 'Standard input is not UTF-8.', { cause });
  }
}
