import { beforeAll, describe, expect, test } from 'vitest';
import type { RaceReport, RaceResult, RaceSample } from '../../../src/race/index.js';
import { renderRacePage } from '../../../src/race/index.js';
import { runRaceWith } from '../../../src/race/run/run-race.js';
import { browserForFile, faintTexts, NARROW, overflowing, VIEWS, WIDE } from '../../helpers/browser.js';
import { needs } from '../../helpers/needs.js';

const SETUP = { childFolder: new URL('../../../dist/race/processes/', import.meta.url), lock: 'real' } as const;
const HOSTILE = `</style></title><script>alert(1)</script><img src=x onerror="alert(2)"> '"&amp;\u001b[31m\u202e`;

/** A report whose every text is an attack, and whose names are as long as they get. */
function hostileReport(report: RaceReport): RaceReport {
  const { environment, options } = report;
  const strategies = report.strategies.map((result) => ({
    ...result,
    errors: 3,
    errorMessages: [HOSTILE, 'x'.repeat(400)],
  }));
  const versions = { [HOSTILE]: HOSTILE, missing: null };
  return {
    ...report,
    options,
    strategies,
    environment: { ...environment, cpuModel: HOSTILE, kernel: HOSTILE, versions },
  };
}

/** A reader that dies every 100 ms, in each of so many places, for so long. */
function longResult(result: RaceResult, places: number, samples: number): RaceResult {
  const timeline: RaceSample[] = [];
  const lives: RaceResult['lives'] = [];
  for (let sample = 1; sample <= samples; sample += 1) {
    const [fromMs, toMs] = [(sample - 1) * 100, sample * 100];
    const sizes = { looks: 20, empty: sample % 2, least: 0, most: 71 };
    const counts = { reads: sample * 1_000, writes: sample * 900, empty: sample * 3, torn: sample, errors: 0 };
    timeline.push({ atMs: toMs, ...counts, sigbus: sample * places, fileBytes: 71, sizes, deaths: [] });
    for (let place = 1; place <= places; place += 1) {
      lives.push({ process: `reader ${place}`, pid: sample * 1_000 + place, fromMs, toMs: toMs - 40, end: 'sigbus' });
    }
  }
  return { ...result, sigbus: lives.length, elapsedMs: samples * 100, timeline, lives };
}

describe.skipIf(!needs('chromium'))('the page of a race', () => {
  const open = browserForFile();
  const access = needs('koffi') ? 'mmap' : 'read';
  let report: RaceReport;
  beforeAll(async () => {
    const strategies = access === 'mmap' ? (['naive', 'rename'] as const) : (['naive'] as const);
    report = await runRaceWith({ strategies, access, seconds: 1 }, SETUP);
  }, 60_000);

  test.each(VIEWS)('shows every death that the report counts, in $width pixels, $colorScheme', async (view) => {
    if (access === 'mmap') expect(report.strategies[0]?.sigbus).toBeGreaterThan(0);
    const page = await open(renderRacePage(report), view);
    for (const { strategy, sigbus, empty, torn, lost } of report.strategies) {
      expect(await page.locator(`section#${strategy} .death`).count()).toBe(sigbus);
      const row = page.locator(`tr[data-strategy="${strategy}"]`);
      for (const [name, count] of Object.entries({ sigbus, empty, torn, lost })) {
        expect(await row.locator(`[data-count="${name}"]`).textContent()).toBe(count.toLocaleString('en-US'));
      }
    }
    expect(await overflowing(page)).toEqual([]);
    expect(await faintTexts(page)).toEqual([]);
  });

  test.each(VIEWS)('takes every text as text, in $width pixels, $colorScheme', async (view) => {
    const page = await open(renderRacePage(hostileReport(report)), view);
    expect(await page.locator('script, img').count()).toBe(0);
    expect(await page.locator('main').textContent()).toContain('<script>alert(1)</script>');
    expect(await page.locator('main').textContent()).toContain('\\u001b[31m\\u202e');
    expect(await overflowing(page)).toEqual([]);
  });

  test.each(VIEWS)('has room for many processes and a long time, in $width pixels, $colorScheme', async (view) => {
    const long = report.strategies.slice(0, 1).map((result) => longResult(result, 100, 60));
    const page = await open(renderRacePage({ ...report, strategies: long }), view);
    expect(await page.locator('.death').count()).toBe(6_000);
    expect(await overflowing(page)).toEqual([]);
    expect(await faintTexts(page)).toEqual([]);
  });

  test('draws some of very many processes, and says so', async () => {
    const long = report.strategies.slice(0, 1).map((result) => longResult(result, 16, 20_000));
    const page = await open(renderRacePage({ ...report, strategies: long }), NARROW);
    expect(await page.locator('.death').count()).toBe(10_000);
    const text = await page.locator('section#naive').textContent();
    expect(text).toContain('320,000 deaths by SIGBUS');
    expect(text).toContain('a mark can stand for several');
  });

  test('says so where nothing was counted', async () => {
    const page = await open(renderRacePage({ ...report, interrupted: true, strategies: [] }), WIDE);
    expect(await page.locator('h1').textContent()).toBe('The race was interrupted before anything was counted');
    expect(await page.locator('section').first().textContent()).toContain('Nothing was counted');
  });
});
