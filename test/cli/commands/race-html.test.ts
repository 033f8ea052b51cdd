import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { RaceReport } from '../../../src/race/index.js';
import { holdfast } from '../../helpers/cli.js';
import { temporaryFolder } from '../../helpers/folder.js';

const NAIVE = [
  'race',
  '--strategy',
  'naive',
  '--access',
  'read',
  '--readers',
  '3',
  '--writers',
  '2',
  '--seconds',
  '0.3',
];

test('holdfast race --html writes a page with what --json says', async () => {
  const pagePath = join(temporaryFolder(), 'race.html');
  const { stdout } = await holdfast([...NAIVE, '--html', pagePath, '--json']).ended;
  const { strategies }: RaceReport = JSON.parse(stdout);
  const page = readFileSync(pagePath, 'utf8');
  expect(page).toMatch(/^<!doctype html>/);
  expect(page).not.toMatch(/<script|https?:/);
  const text = page.replaceAll(/<[^>]*>/g, ' ');
  for (const { reads, writes, empty } of strategies) {
    for (const count of [reads, writes, empty]) expect(text).toContain(` ${count.toLocaleString('en-US')} `);
  }
  // A lane for each place.
  for (const place of ['reader 1', 'reader 2', 'reader 3', 'writer 1', 'writer 2'])
    expect(text).toContain(` ${place} `);
});
