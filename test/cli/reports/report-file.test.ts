import { chmodSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { markedDocument } from '../../../src/cli/reports/outlet.js';
import { outputPaths } from '../../../src/cli/reports/output-path.js';
import { ReportFile } from '../../../src/cli/reports/report-file.js';
import { temporaryFolder } from '../../helpers/folder.js';

const OLD = markedDocument('race', { old: true });

function reportFile(name: string): ReportFile {
  const [output] = outputPaths([name], {}, false);
  if (output === undefined) throw new Error('There is one.');
  return new ReportFile(output);
}

test('a report takes its place in one step, with the mode of the old one, through links', () => {
  const folder = temporaryFolder();
  const path = join(folder, 'report');
  writeFileSync(path, OLD);
  chmodSync(path, 0o640);
  symlinkSync('report', join(folder, 'link'));
  const file = reportFile(join(folder, 'link'));
  file.append('new '.repeat(50_000));
  expect(readFileSync(path, 'utf8')).toBe(OLD);
  file.commit();
  expect(readFileSync(path, 'utf8')).toBe('new '.repeat(50_000));
  expect(statSync(path).mode & 0o777).toBe(0o640);
  file.abandon();
  expect(readdirSync(folder).sort()).toEqual(['link', 'report']);
});

test('an abandoned report leaves the old one, and nothing else', () => {
  const folder = temporaryFolder();
  const path = join(folder, 'report');
  writeFileSync(path, OLD);
  const file = reportFile(path);
  file.append('half');
  file.abandon();
  file.abandon();
  expect(() => file.commit()).toThrow();
  expect(readdirSync(folder)).toEqual(['report']);
  expect(readFileSync(path, 'utf8')).toBe(OLD);
});

test('a log that came while the command ran is not replaced', () => {
  const folder = temporaryFolder();
  const path = join(folder, 'report');
  const file = reportFile(path);
  file.append('new');
  writeFileSync(path, 'a log');
  expect(() => file.commit()).toThrow('no report of holdfast');
  expect(readFileSync(path, 'utf8')).toBe('a log');
  expect(readdirSync(folder)).toEqual(['report']);
});
