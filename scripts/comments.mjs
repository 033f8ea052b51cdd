// @ts-check
// npm run comments: wraps the comments of src/ at 120 characters. With --check, as `npm run lint` calls it, it names the
// files whose comments are not wrapped instead, and ends with 1 where there are any.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { wrapComments } from './comments/wrap.mjs';

const root = fileURLToPath(new URL('../src/', import.meta.url));

const paths = readdirSync(root, { recursive: true })
  .map(String)
  .filter((path) => path.endsWith('.ts'));
for (const path of paths.sort()) {
  const text = readFileSync(`${root}${path}`, 'utf8');
  const wrapped = wrapComments(text);
  if (wrapped === text) continue;
  if (process.argv.includes('--check')) {
    console.error(`src/${path} has comments of more than 120 characters in a line: npm run comments.`);
    process.exitCode = 1;
  } else writeFileSync(`${root}${path}`, wrapped);
}
