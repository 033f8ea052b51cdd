// For what runs inside the page. It is seen by the whole check of the tests, but not by the build.
/// <reference lib="dom" />
import { existsSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { temporaryFolder } from './folder.js';
import { needs } from './needs.js';
import { scaled } from './scale.js';

/** How a page is looked at. Narrow is a telephone. */
export const WIDE = { width: 1280, colorScheme: 'light' } as const;
export const NARROW = { width: 380, colorScheme: 'dark' } as const;
export const VIEWS: readonly View[] = scaled<readonly View[]>(
  [WIDE, NARROW],
  [WIDE, { width: 1280, colorScheme: 'dark' }, { width: 380, colorScheme: 'light' }, NARROW],
);

/** A browser starts within a second; on a machine that is very busy, later. */
const START_WITHIN_MS = 60_000;

export interface View {
  readonly width: number;
  readonly colorScheme: 'light' | 'dark';
}

/** Opens a document in a browser that is there for all tests of the file. Needs `chromium`. */
export function browserForFile(): (document: string, view: View) => Promise<Page> {
  let browser: Browser | undefined;
  beforeAll(async () => {
    if (!needs('chromium')) return;
    // As root, as in containers, Chromium runs only without its sandbox. What it opens here is our own.
    browser = await chromium.launch({ executablePath: pathOf('chromium'), args: ['--no-sandbox'] });
  }, START_WITHIN_MS);
  afterAll(() => browser?.close());
  return async (document, { width, colorScheme }) => {
    if (browser === undefined) throw new Error('There is no browser.');
    const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme });
    onTestFinished(() => page.close());
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => {
      if (!/^(file|data):/.test(request.url())) complaints.push(`asked for ${request.url()}`);
    });
    const path = join(temporaryFolder(), 'page.html');
    writeFileSync(path, document);
    await page.goto(pathToFileURL(path).href);
    if (complaints.length > 0) throw new Error(complaints.join('\n'));
    return page;
  };
}

/** What sticks out of the page to the right or to the left. */
export function overflowing(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const { innerWidth } = window;
    const wide = [...document.querySelectorAll('body *')].filter((element) => {
      const { left, right, width } = element.getBoundingClientRect();
      return width > 0 && (left < -0.5 || right > innerWidth + 0.5);
    });
    const told = wide.map(({ outerHTML }) => outerHTML.slice(0, 120));
    return document.documentElement.scrollWidth > innerWidth ? [...told, 'the page scrolls to the side'] : told;
  });
}

/** Texts with too little contrast to their ground: below 4.5 to 1 (WCAG 2, 1.4.3). */
export function faintTexts(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const channels = (colour: string) => (colour.match(/[\d.]+/g) ?? []).map(Number);
    const luminance = (colour: string) => {
      const [red = 0, green = 0, blue = 0] = channels(colour)
        .slice(0, 3)
        .map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const groundOf = (element: Element | null): string => {
      if (element === null) return 'rgb(255, 255, 255)';
      const { backgroundColor } = getComputedStyle(element);
      return channels(backgroundColor)[3] === 0 ? groundOf(element.parentElement) : backgroundColor;
    };
    const faint: string[] = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const element = node.parentElement;
      const text = (node.textContent ?? '').trim();
      if (element === null || text === '' || element.getClientRects().length === 0) continue;
      const style = getComputedStyle(element);
      const [light, dark] = [
        luminance(element instanceof SVGElement ? style.fill : style.color),
        luminance(groundOf(element)),
      ];
      const contrast = (Math.max(light, dark) + 0.05) / (Math.min(light, dark) + 0.05);
      if (contrast < 4.5) faint.push(`${contrast.toFixed(2)}: ${text}`);
    }
    return faint;
  });
}

function pathOf(program: string): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const path = folders.map((folder) => join(folder, program)).find((candidate) => existsSync(candidate));
  if (path === undefined) throw new Error(`${program} is not in the PATH.`);
  return path;
}
