import { describe, expect, test } from 'vitest';
import { unnamed, withDiagram } from '../../scripts/layers/document.mjs';
import { specifiersIn, violations } from '../../scripts/layers/imports.mjs';
import { diagram, linterRules } from '../../scripts/layers/made.mjs';

/** A small house: `top` with two rooms, `middle`, `base`. */
const HOUSE = {
  layers: [
    { folder: 'base', mayImport: [], native: true, reason: 'base/ is the lowest.' },
    { folder: 'middle', mayImport: ['base'], tableOnly: true, reason: 'middle/ imports base/ only.' },
    {
      folder: 'top',
      mayImport: ['middle'],
      reason: 'top/ imports middle/ only.',
      rooms: ['low', 'high'],
      doors: ['index.ts'],
    },
  ],
  face: ['top'],
};
const FINE = {
  'errors.ts': '',
  'index.ts': "export { all } from './top/index.js';",
  'base/call.ts': "import koffi from 'koffi';\nimport { E } from '../errors.js';",
  'middle/work.ts': "import { call } from '../base/call.js';",
  'top/index.ts': "export { all } from './high/index.js';",
  'top/low/index.ts': "export { part } from './part.js';",
  'top/low/part.ts': "import type { Work } from '../../middle/work.js';",
  'top/high/index.ts': "export { all } from './all.js';",
  'top/high/all.ts': "import { part } from '../low/index.js';",
};

function amiss(change: Record<string, string>): string[] {
  return violations(new Map(Object.entries({ ...FINE, ...change })), HOUSE);
}

test('a house in order has nothing amiss', () => {
  expect(amiss({})).toEqual([]);
});

describe('told is', () => {
  test.each<[string, string, string, string]>([
    ['an import upward', 'base/call.ts', "import { work } from '../middle/work.js';", 'base/ is the lowest.'],
    [
      'an import past a layer',
      'top/low/part.ts',
      "import { call } from '../../base/call.js';",
      'top/ imports middle/ only.',
    ],
    [
      'an import of a higher room',
      'top/low/part.ts',
      "import { all } from '../high/index.js';",
      'low/ lies below high/.',
    ],
    [
      'a room entered but by its door',
      'top/high/all.ts',
      "import { part } from '../low/part.js';",
      'entered by its index.ts',
    ],
    ['one from beside the rooms', 'top/index.ts', "export { part } from './low/part.js';", 'entered by its index.ts'],
    ['a room that looks out', 'top/low/part.ts', "import { all } from '../index.js';", 'what lies beside the rooms'],
    ['a type', 'base/call.ts', "import type { Work } from '../middle/work.js';", 'base/ is the lowest.'],
    ['import()', 'base/call.ts', "const work = await import('../middle/work.js');", 'base/ is the lowest.'],
    ['a module as a process', 'base/call.ts', "new URL('../middle/work.js', import.meta.url)", 'base/ is the lowest.'],
    ['native code', 'middle/work.ts', "import koffi from 'koffi';", 'native code is loaded in os/ only'],
    ['node:fs', 'middle/work.ts', "import { openSync } from 'node:fs';", 'through os/syscalls.ts'],
    ['the face that shows a low layer', 'index.ts', "export { call } from './base/call.js';", 'does not show base/'],
    ['a folder that the table lacks', 'other/file.ts', '', 'src/other/ is not in the table.'],
    ['a room that the table lacks', 'top/attic/file.ts', '', 'src/top/attic/ is not in the table.'],
  ])('%s', (_, path, text, sentence) => {
    const found = amiss({ [path]: text });
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(sentence);
  });

  test('a file beside the rooms that is no door, seen from outside', () => {
    const layers = [...HOUSE.layers, { folder: 'roof', mayImport: ['top'], reason: '' }];
    const files = {
      ...FINE,
      'top/secret.ts': '',
      'roof/a.ts': "import '../top/secret.js';\nimport { all } from '../top/index.js';",
    };
    expect(violations(new Map(Object.entries(files)), { layers, face: ['top'] })).toEqual([
      'src/roof/a.ts imports ../top/secret.js: it is no door of top/.',
    ]);
  });

  test('a house without rooms, and a room without a house', () => {
    const many = Object.fromEntries(Array.from({ length: 13 }, (_, index) => [`middle/${index}.ts`, '']));
    expect(amiss(many)).toEqual(['src/middle/ has 14 files: it wants rooms, or a reason in the table.']);
    const empty = { ...FINE, 'top/index.ts': '', 'top/high/all.ts': '' };
    const { 'top/low/index.ts': _, 'top/low/part.ts': __, ...rest } = empty;
    expect(violations(new Map(Object.entries(rest)), HOUSE)).toEqual(['src/top/low/ is in the table, and not there.']);
  });
});

test('an entry is loaded by itself, from outside and from below, but not imported', () => {
  const layers = HOUSE.layers.map((layer) => ({ ...layer, entries: /^high\/all\.ts$/ }));
  const from = (text: string) =>
    violations(new Map(Object.entries({ ...FINE, 'top/index.ts': text })), { ...HOUSE, layers });
  expect(from("await import('./high/all.js');\nnew URL('../../dist/top/high/all.js', import.meta.url)")).toEqual([]);
  expect(from("import { all } from './high/all.js';")).toHaveLength(1);
  expect(from("await import('./low/part.js');")).toHaveLength(1);
});

test('every way to name a module is seen, over several lines too', () => {
  const text =
    "import {\n  a,\n} from './a.js';\nexport * from './b.js';\nimport './c.js';\nawait import('./d.js');\n// from './no.js'\n";
  expect(specifiersIn(text).map(({ name }) => name)).toEqual(['./a.js', './b.js', './c.js', './d.js']);
  expect(specifiersIn(text).map(({ later }) => later)).toEqual([false, false, false, true]);
});

test('the document must name every file, and no other', () => {
  const text = '[a](../src/os/a.ts) and [b](../src/os/b.ts)';
  expect(unnamed(['os/a.ts', 'os/c.ts', 'os/index.ts'], text)).toEqual([
    'docs/architecture.md does not name src/os/c.ts.',
    'docs/architecture.md names src/os/b.ts, which is not there.',
  ]);
});

test('rules and diagram are made from the table', () => {
  const { overrides } = linterRules(HOUSE.layers);
  expect(overrides.map(({ includes }) => includes[0])).toEqual([
    'src/base/**',
    'src/middle/**',
    'src/top/**',
    'src/top/low/**',
    'src/top/high/**',
  ]);
  expect(JSON.stringify(overrides[3])).toContain('"../high/**"');
  expect(diagram(HOUSE.layers)).toContain('top/       middle/\n             rooms: low/ high/');
  const page = 'a\n<!-- made by npm run layers -->\nold\n<!-- until here -->\nb';
  expect(withDiagram(page, 'new')).toBe(page.replace('\nold\n', '\n\nnew\n\n'));
});
