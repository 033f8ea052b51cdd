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

  /** Not for use outside this file: what is given here is believed. */
  constructor(source: string) {
    this.#source = source;
  }

  toString(): string {
    return this.#source;
  }
}

/** What a template takes: text, which is escaped, and markup, which is not. `undefined` is nothing. */
export type Part = Markup | string | number | undefined | readonly Part[];

/**
 * Builds markup from a template. Whatever is filled in is escaped, unless it is markup itself, so that neither the text of a report nor
 * the name of a file can become a tag, an attribute or a script. It may stand between tags and in quoted attributes, not in the names of
 * tags, nor in scripts or styles. Characters that are not seen are shown as `\u202e`.
 */
export function html(fixed: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(fixed.reduce((source, text, index) => `${source}${render(parts[index - 1])}${text}`));
}

/** A path, or a call with paths and flags, that is broken into lines behind slashes and bars, where it must be broken. */
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
