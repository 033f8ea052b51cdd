import { showUnprintable } from '../../html/unprintable.js';

/** A key or a name as one line that a terminal only shows. Backslashes are doubled, so that no two keys look the same. */
export function printable(text: string): string {
  return showUnprintable(text.replaceAll('\\', '\\\\'));
}

/** JSON in which also those characters are escaped that JSON itself leaves as they are. */
export function printableJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, undefined, indent)
    .split('\n')
    .map((line) => showUnprintable(line))
    .join('\n');
}
