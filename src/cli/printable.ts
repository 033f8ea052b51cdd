/** What a terminal would act on instead of showing it: control and formatting characters, and separators of lines. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** A key or a name as one line that a terminal only shows. Backslashes are doubled, so that no two keys look the same. */
export function printable(text: string): string {
  return escapeUnprintable(text.replaceAll('\\', '\\\\'));
}

/** JSON in which also those characters are escaped that JSON itself leaves as they are. */
export function printableJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, undefined, indent)
    .split('\n')
    .map((line) => escapeUnprintable(line))
    .join('\n');
}

function escapeUnprintable(text: string): string {
  return text.replace(UNPRINTABLE, (character) =>
    [...character.split('')].map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''),
  );
}
