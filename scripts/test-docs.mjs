// Compiles every code block of the documents, and runs those which can be run. Needs dist/. `-- FILE...`: those documents only.
import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkDocuments } from './docs/check.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/**
 * @param {string} folder
 * @returns {string[]}
 */
function documentsIn(folder) {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md') && !name.includes('node_modules'))
    .map((name) => join(ROOT, folder, name));
}

const given = process.argv.slice(2);
const top = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md'].map((name) => join(ROOT, name));
const documents = given.length > 0 ? given : [...top, ...documentsIn('docs'), ...documentsIn('examples')];
const { problems, blocks, ran } = checkDocuments(documents);
for (const problem of problems) console.error(problem.replaceAll(`${ROOT}`, ''));
console.log(`${documents.length} documents, ${blocks} code blocks, ${ran} of them run, ${problems.length} problems`);
if (given.length === 0 && ran === 0 && problems.length === 0)
  console.error(`No block was run in ${relative('.', ROOT) || '.'}.`);
process.exitCode = problems.length > 0 || (given.length === 0 && ran === 0) ? 1 : 0;
