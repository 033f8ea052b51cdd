import fc from 'fast-check';
import { expect, test } from 'vitest';
import { breakable, html } from '../../src/html/markup.js';

test('text is escaped, markup is not', () => {
  const bold = html`<b>${'a < b'}</b>`;
  expect(String(html`<p title="${`"it's" & more`}">${bold}${[1, ' ', bold]}${undefined}</p>`)).toBe(
    '<p title="&quot;it&#39;s&quot; &amp; more"><b>a &lt; b</b>1 <b>a &lt; b</b></p>',
  );
});

test('characters that are not seen are shown', () => {
  expect(String(html`${'a\u0000\u001b[2J\u202eb\n\u{e0041}'}`)).toBe('a\\u0000\\u001b[2J\\u202eb\\u000a\\udb40\\udc41');
});

test('no text ends a tag, an attribute or an entity', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom('<', '"', "'", '&', '>', '&lt;', ''),
      (text, extra) => {
        const escaped = String(html`${`${text}${extra}${text}`}`);
        expect(escaped).not.toMatch(/[<>"']|&(?!(amp|lt|gt|quot|#39);)/);
      },
    ),
  );
});

test('paths and flags can be broken into lines behind slashes and bars', () => {
  expect(String(breakable('/tmp/<b>'))).toBe('/<wbr>tmp/<wbr>&lt;b&gt;');
  expect(String(breakable('O_WRONLY|O_TRUNC'))).toBe('O_WRONLY|<wbr>O_TRUNC');
  expect(String(breakable(''))).toBe('');
});
