import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';

const script = fileURLToPath(new URL('../../scripts/interface.mjs', import.meta.url));
const report = fileURLToPath(new URL('trace.api.md', import.meta.url));

test('the types of the package are what the reports beside this test say', () => {
  execFileSync(process.execPath, [script, '--check'], { stdio: 'pipe' });
});

test('a change of the types is told, and the reports stay as they are', () => {
  const before = readFileSync(report, 'utf8');
  onTestFinished(() => writeFileSync(report, before));
  const changed = before.replace('export interface', 'export interface Former {}\n\nexport interface');
  expect(changed).not.toBe(before);
  writeFileSync(report, changed);
  const { status, stderr } = spawnSync(process.execPath, [script, '--check', './trace'], { encoding: 'utf8' });
  expect({ status, stderr }).toMatchObject({ status: 1, stderr: expect.stringContaining('npm run interface') });
  expect(readFileSync(report, 'utf8')).toBe(changed);
});
