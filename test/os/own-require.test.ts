import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

test('no module that the package is entered by uses import.meta, which is a syntax error where it is made CommonJS', () => {
  const seen = new Set<string>();
  const pending = [resolve(ROOT, 'src/index.ts')];
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    const text = readFileSync(path, 'utf8');
    expect({ path, meta: /\bimport\.meta\b/.test(text) }).toEqual({ path, meta: false });
    for (const [, name = ''] of text.matchAll(/from '(\.[^']+)\.js'/g)) {
      pending.push(resolve(dirname(path), `${name}.ts`));
    }
  }
  expect(seen.size).toBeGreaterThan(50);
});

test('packages are found from a module, from CommonJS, and from CommonJS that was made of a module', () => {
  const require = createRequire(import.meta.url);
  expect(require('../../native/own-require.cjs').ownRequire.resolve('lru-cache')).toContain('node_modules/lru-cache');
  // What a bundler that writes CommonJS makes of it: an empty object in the place of import.meta.
  const source = readFileSync(`${ROOT}/native/own-require.mjs`, 'utf8');
  const bundled = source
    .replace("import { createRequire } from 'node:module';", "const { createRequire } = require('node:module');")
    .replace('export const', 'const')
    .replaceAll('import.meta', '({})');
  const module = { exports: undefined as NodeJS.Require | undefined };
  new Function('module', 'require', '__filename', `${bundled}; module.exports = ownRequire;`)(
    module,
    require,
    `${ROOT}/x.js`,
  );
  expect(module.exports?.resolve('lru-cache')).toContain('node_modules/lru-cache');
});

test('the package is loaded by `node -e`, where __filename is no path', () => {
  const program = "console.log(typeof require('./dist/index.js').FileCache)";
  expect(execFileSync(process.execPath, ['-e', program], { cwd: ROOT, encoding: 'utf8' })).toBe('function\n');
});
