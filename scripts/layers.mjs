// @ts-check
// npm run layers: makes biome.layers.json and the diagram of docs/architecture.md from scripts/layers/table.mjs.
// With --check, as `npm run lint` calls it, it compares them instead, follows every import of src/ to its file and looks whether the table
// allows it, and whether docs/architecture.md names every file of src/. Ends with 1 where something is amiss.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { unnamed, withDiagram } from './layers/document.mjs';
import { violations } from './layers/imports.mjs';
import { diagram, linterRules } from './layers/made.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const rulesPath = `${root}biome.layers.json`;
const documentPath = `${root}docs/architecture.md`;

const files = new Map(
  readdirSync(`${root}src`, { recursive: true })
    .map(String)
    .filter((path) => path.endsWith('.ts'))
    .sort()
    .map((path) => [path, readFileSync(`${root}src/${path}`, 'utf8')]),
);
const rules = `${JSON.stringify(linterRules(), null, 2)}\n`;
const text = readFileSync(documentPath, 'utf8');

if (process.argv.includes('--check')) check();
else {
  writeFileSync(rulesPath, rules);
  writeFileSync(documentPath, withDiagram(text, diagram()));
}

function check() {
  const amiss = [...violations(files), ...unnamed([...files.keys()], text)];
  if (readFileSync(rulesPath, 'utf8') !== rules)
    amiss.push('biome.layers.json is not what the table says: npm run layers.');
  if (withDiagram(text, diagram()) !== text)
    amiss.push('The diagram in docs/architecture.md is not what the table says: npm run layers.');
  for (const sentence of amiss) console.error(sentence);
  if (amiss.length > 0) process.exitCode = 1;
}
