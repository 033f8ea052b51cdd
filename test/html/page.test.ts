import { describe, expect, test } from 'vitest';
import { html } from '../../src/html/markup.js';
import { renderPage } from '../../src/html/page.js';
import { browserForFile, faintTexts, NARROW, overflowing, WIDE } from '../helpers/browser.js';
import { needs } from '../helpers/needs.js';

describe.skipIf(!needs('chromium'))('a page', () => {
  const open = browserForFile();

  test('runs no script, whatever got into it, and needs no network', async () => {
    const attack = html`<p>text</p><script>document.title = 'run'</script>`;
    // Chromium tells that its policy refused the script.
    await expect(open(renderPage({ title: 'a page', body: attack }), WIDE)).rejects.toThrow(/Content Security Policy/);
    const page = await open(renderPage({ title: '<b>', body: html`<p>text</p>` }), WIDE);
    expect(await page.title()).toBe('<b>');
  });

  test.each([
    ['light', 'rgb(244, 245, 247)'],
    ['dark', 'rgb(13, 16, 21)'],
  ] as const)('is %s where the system is', async (colorScheme, ground) => {
    const page = await open(renderPage({ title: 'a page', body: '' }), { width: 380, colorScheme } as const);
    expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe(ground);
  });
});

describe.skipIf(!needs('chromium'))('a look at a page', () => {
  const open = browserForFile();

  test('finds what is too wide and what is too faint', async () => {
    const page = await open('<p style="width:900px;color:#999;background:#fff">faint</p>', NARROW);
    expect(await overflowing(page)).toContain('the page scrolls to the side');
    expect(await faintTexts(page)).toEqual(['2.85: faint']);
  });

  test('hears of errors and of the network', async () => {
    const broken = '<script>nothing.there()</script><img src="http://127.0.0.1:9/x.png">';
    await expect(open(broken, WIDE)).rejects.toThrow(
      /nothing is not defined[\s\S]*asked for http|asked for http[\s\S]*nothing is not defined/,
    );
  });
});
