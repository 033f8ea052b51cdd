import { html, type Markup, type Part } from './markup.js';
import { STYLE } from './style.js';

/** What a page consists of. */
export interface Page {
  readonly title: string;
  /** Styles of this page alone. */
  readonly style?: Markup;
  readonly body: Part;
}

/**
 * One page that needs nothing else: no script, no network, and a policy that forbids both, so that nothing in a report can run even if it
 * got through. Light or dark as the reader's system is. Ends with a newline.
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
