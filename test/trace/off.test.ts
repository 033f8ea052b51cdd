import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../helpers/folder.js';
import { HOLDFAST, TracedProgram } from '../helpers/trace.js';

const DIST = fileURLToPath(new URL('../../dist', import.meta.url));

/** The files of this package that a module loads, those too that it may load later. */
function loadedBy(entry: string, found = new Set<string>()): Set<string> {
  if (found.has(entry)) return found;
  found.add(entry);
  for (const [, name] of readFileSync(entry, 'utf8').matchAll(/(?:from|import\()\s*['"](\.[^'"]+)['"]/g)) {
    loadedBy(resolve(dirname(entry), name ?? ''), found);
  }
  return found;
}

test('holdfast loads nothing of the trace', () => {
  const files = [...loadedBy(resolve(DIST, 'index.js'))];
  expect(files.length).toBeGreaterThan(30);
  expect(files.filter((file) => file.startsWith(resolve(DIST, 'trace')))).toEqual([]);
  // The same look finds it where it is.
  const own = [...loadedBy(resolve(DIST, 'trace/index.js'))];
  expect(own.filter((file) => file.startsWith(resolve(DIST, 'trace'))).length).toBeGreaterThan(10);
});

test('holdfast changes nothing of node:fs by itself', async () => {
  const source = `
    const fs = require('node:fs');
    const before = { ...fs, ...fs.promises };
    require('${new URL(HOLDFAST).pathname}');
    const after = { ...fs, ...fs.promises };
    for (const name in before) if (before[name] !== after[name]) throw new Error(name);`;
  const app = new TracedProgram(temporaryFolder(), source, 'cjs');
  await app.run();
});
