import { showUnprintable } from '../../html/unprintable.js';

/**
 * A key or a name as one line on which a terminal does not act. Backslashes are doubled, so that no two keys look the
 * same.
 */
export function printable(text: string): string {
  return showUnprintable(text.replaceAll('\\', '\\\\'));
}

/** JSON in which all unprintable characters are escaped, also those that JSON allows. */
export function printableJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, undefined, indent)
    .split('\n')
    .map((line) => showUnprintable(line))
    .join('\n');
}
