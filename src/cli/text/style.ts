import { styleText } from 'node:util';

/** Colours a text. */
export type Paint = (format: 'bold' | 'dim' | 'red' | 'green' | 'yellow', text: string) => string;

/** Colours where the terminal has them, and plain text elsewhere. Node reads NO_COLOR, FORCE_COLOR and TERM. */
export function paintFor(stream: NodeJS.WriteStream): Paint {
  return stream.isTTY && stream.hasColors() ? styleText : (_format, text) => text;
}

/** A count with separators between thousands. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}

/** `1 reader`, `4 readers`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${formatCount(count)} ${count === 1 ? noun : plural}`;
}
