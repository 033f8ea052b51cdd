import { describe, expect, test } from 'vitest';
import { renderDiagnosePage } from '../../../src/diagnose/page/page.js';
import type { DiagnoseReport } from '../../../src/diagnose/report/report.js';
import { browserForFile, faintTexts, overflowing, VIEWS, WIDE } from '../../helpers/browser.js';
import { needs } from '../../helpers/needs.js';
import { EMPTY, SAMPLE } from './sample-report.js';

const HOSTILE = `/tmp/</code></title><script>alert(1)</script><img src=x onerror='alert(2)'>"&amp;\u001b[31m\u202e/${'x'.repeat(250)}`;

/** The report with every name and text that comes from a log replaced by an attack. */
function hostile(report: DiagnoseReport): DiagnoseReport {
  const fromLogs = new Set([
    'path',
    'program',
    'call',
    'address',
    'log',
    'message',
    'advice',
    'name',
    'exe',
    'comm',
    'proctitle',
  ]);
  return JSON.parse(JSON.stringify(report), (key, value) =>
    fromLogs.has(key) && typeof value === 'string' ? HOSTILE : value,
  );
}

describe.skipIf(!needs('chromium'))('the page of a diagnosis', () => {
  const open = browserForFile();

  test.each(VIEWS)('shows every finding with its steps, in $width pixels, $colorScheme', async (view) => {
    const page = await open(renderDiagnosePage(SAMPLE), view);
    expect(await page.locator('h1').textContent()).toBe('3 findings in 2 files; SIGBUS 13 times');
    for (const [index, { kind, timeline, message, advice, evidence }] of SAMPLE.findings.entries()) {
      const finding = page.locator(`#finding-${index + 1}`);
      expect(await finding.getAttribute('data-kind')).toBe(kind);
      expect(await finding.locator('.step code').allTextContents()).toEqual(timeline.map(({ call }) => call));
      expect(await finding.locator('.step.signal').count()).toBe(
        timeline.filter((step) => step.kind === 'signal').length,
      );
      expect(await finding.locator('.lines').textContent()).toContain(evidence.join(', '));
      const text = await finding.textContent();
      expect(text).toContain(message);
      expect(text).toContain(advice);
    }
    expect(await overflowing(page)).toEqual([]);
    expect(await faintTexts(page)).toEqual([]);
  });

  test('puts victim and culprit side by side, from open to SIGBUS', async () => {
    const page = await open(renderDiagnosePage(SAMPLE), WIDE);
    const [known, unknown] = [page.locator('#finding-1'), page.locator('#finding-2')];
    const [victim, culprit] = await known.locator('.actor').all();
    const [left, right] = [await victim?.boundingBox(), await culprit?.boundingBox()];
    expect(left?.y).toBe(right?.y);
    expect((left?.x ?? 0) + (left?.width ?? 0)).toBeLessThanOrEqual(right?.x ?? 0);
    // Each step stands below its own actor, and below the step before.
    let above = 0;
    for (const [index, step] of (await known.locator('.step').all()).entries()) {
      const box = await step.boundingBox();
      const role = SAMPLE.findings[0]?.timeline[index]?.role;
      const column = role === 'victim' ? left : right;
      expect(box?.x).toBeGreaterThanOrEqual(column?.x ?? Number.NaN);
      expect(box?.x).toBeLessThan((column?.x ?? 0) + (column?.width ?? 0));
      expect(box?.y).toBeGreaterThan(above);
      above = box?.y ?? 0;
    }
    // From the mapping to the end of its process; while the file is cut, the signal comes.
    expect(await known.locator('.victim .band.mapped').count()).toBe(6);
    expect(await known.locator('.row.cut .step').allTextContents()).toHaveLength(3);
    expect(await unknown.locator('.actor.unknown').textContent()).toBe('culpritnot in the log');
  });

  test.each(VIEWS)('takes every text as text, in $width pixels, $colorScheme', async (view) => {
    const page = await open(renderDiagnosePage(hostile(SAMPLE)), view);
    expect(await page.locator('script, img').count()).toBe(0);
    const text = await page.locator('main').textContent();
    expect(text).toContain('<script>alert(1)</script>');
    expect(text).toContain('\\u001b[31m\\u202e');
    expect(await overflowing(page)).toEqual([]);
  });

  test.each(VIEWS)('says so where nothing was found, in $width pixels, $colorScheme', async (view) => {
    const page = await open(renderDiagnosePage(EMPTY), view);
    expect(await page.locator('h1').textContent()).toBe('Nothing was found');
    expect(await page.locator('section').first().textContent()).toContain('No process was hit by SIGBUS');
    expect(await overflowing(page)).toEqual([]);
    expect(await faintTexts(page)).toEqual([]);
  });
});

test('the page tells what was run, what was left out, and what is not known', () => {
  const page = renderDiagnosePage({
    ...SAMPLE,
    order: 'unknown',
    logs: [...SAMPLE.logs, ...SAMPLE.logs],
    omitted: 7,
    interrupted: true,
    command: { argv: ['php', '-S', 'localhost:8000'], exitCode: null, signal: 'SIGINT' },
  });
  for (const text of [
    '10 findings in 2 files',
    '7 findings more are not listed',
    'the order between them is not known',
    'Interrupted',
    '<code>php -S localhost:8000</code>; SIGINT ended it',
  ]) {
    expect(page).toContain(text);
  }
});

test.each([
  ['audit', 'An audit log shows who opens files for writing'],
  ['empty', 'None of the logs could be understood'],
] as const)('without a finding the page of an %s log claims nothing that such a log does not show', (format, text) => {
  const logs = SAMPLE.logs.map((log) => ({ ...log, format }));
  const page = renderDiagnosePage({ ...EMPTY, logs });
  expect(page).toContain(text);
  expect(page).not.toContain('No process was hit');
});
