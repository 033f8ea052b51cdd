import { showUnprintable } from './unprintable.js';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A piece of HTML or SVG that is safe to put into a page. Only {@link html} makes it. */
export class Markup {
  readonly #source: string;

  /** For this file only: the source is not escaped. */
  constructor(source: string) {
    this.#source = source;
  }

  toString(): string {
    return this.#source;
  }
}

/**
 * What can be put into a template: text and numbers, which are escaped, and markup, which is not. `undefined` is empty.
 */
export type Part = Markup | string | number | undefined | readonly Part[];

/**
 * Builds markup from a template. Every part is escaped, unless it is markup itself, so that neither the text of a
 * report nor the name of a file can become a tag, an attribute or a script. A part may stand between tags and in quoted
 * attributes, but not in the name of a tag, nor in scripts or styles. An unprintable character is shown as its code:
 * `\u202e`.
 */
export function html(fixed: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(fixed.reduce((source, text, index) => `${source}${render(parts[index - 1])}${text}`));
}

/** A path, or a call with paths and flags, in which a browser may break the line behind slashes and bars. */
export function breakable(text: string): Markup {
  const [first, ...rest] = text.split(/(?<=[/|])/);
  return html`${first}${rest.map((part) => html`<wbr>${part}`)}`;
}

function render(part: Part): string {
  if (part === undefined) return '';
  if (part instanceof Markup) return part.toString();
  if (typeof part === 'object') return part.map(render).join('');
  return escapeText(String(part));
}

function escapeText(text: string): string {
  return showUnprintable(text).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
