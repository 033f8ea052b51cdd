import { html, type Markup, type Part } from './markup.js';
import { STYLE } from './style.js';

/** The contents of a page. */
export interface Page {
  readonly title: string;
  /** Styles that only this page has. */
  readonly style?: Markup;
  readonly body: Part;
}

/**
 * A page in one file. It needs neither scripts nor the network, and its policy forbids both, so that nothing in a
 * report could run even if it were not escaped. Light or dark, as the system of the reader is set. Ends with a newline.
 */
export function renderPage({ title, style, body }: Page): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="generator" content="holdfast">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'">
<link rel="icon" href="data:,">
<title>${title}</title>
${STYLE}
${style}
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`.toString();
}
