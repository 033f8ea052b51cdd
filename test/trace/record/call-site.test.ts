import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../helpers/folder.js';
import { needs } from '../../helpers/needs.js';
import { HOLDFAST, packagePath, TracedProgram } from '../../helpers/trace.js';

const IN_PLACE = "for (const text of ['old', 'new']) require('node:fs').writeFileSync(path, text); // W";

/** A CommonJS program that changes a file in place, and does something else with it. */
function program(...lines: string[]): TracedProgram {
  const source = ["const path = __filename.replace('app.cjs', 'data.json');", IN_PLACE, ...lines].join('\n');
  return new TracedProgram(temporaryFolder(), source, 'cjs');
}

/** What is found beside the writer. */
async function readers(app: TracedProgram): Promise<string[]> {
  await app.run();
  const marks = await app.marks();
  expect(marks).toContain('unlocked-writer W');
  return marks.filter((mark) => mark !== 'unlocked-writer W');
}

describe('the line that is named is the one of the program', () => {
  test('behind graceful-fs', async () => {
    const app = program(
      `const fs = require('${packagePath('graceful-fs')}');`,
      'fs.readFile(path, () => {',
      '  fs.createReadStream(path).resume(); // STREAM',
      '}); // END',
      'fs.readFileSync(path); // SYNC',
    );
    expect(await readers(app)).toEqual(['unlocked-reader STREAM', 'unlocked-reader SYNC', 'unlocked-reader line 4']);
  });

  test.skipIf(!needs('koffi'))('behind holdfast, where it waited for a lock first', async () => {
    const app = program(
      `const { lockFile, mapFile, readFile } = require('${new URL(HOLDFAST).pathname}');`,
      'async function main() {',
      '  const lock = await lockFile(path, "exclusive");',
      '  setTimeout(() => lock.release(), 20);',
      '  await readFile(path);',
      '  await readFile(path, { strategy: "rename" }); // READ',
      '  const file = await mapFile(path, { strategy: "rename" }); // MAP',
      '  await file.close();',
      '}',
      'main();',
    );
    expect(await readers(app)).toEqual(['unlocked-reader MAP', 'unlocked-reader READ']);
    const { files } = await app.report();
    expect(files).toMatchObject([{ accesses: { read: 2, map: 1 }, locked: 1 }]);
  });

  test('behind other packages it is the line of the package', async () => {
    const app = program('require("reader")(path);');
    const folder = join(app.folder, 'node_modules/reader');
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      join(folder, 'index.js'),
      'const fs = require("node:fs");\nmodule.exports = (path) => fs.readFileSync(path);',
    );
    expect(await readers(app)).toEqual([`unlocked-reader ${join(folder, 'index.js')}:2`]);
  });

  test('in a `require` of a JSON file it is the line of the require', async () => {
    const app = program("require('node:fs').writeFileSync(path, '{}');", 'require(path); // R');
    expect(await app.run().then(() => app.marks())).toContain('unlocked-reader R');
  });

  test('in a handler of a stream it is not the line that made the stream', async () => {
    const app = program(
      "const fs = require('node:fs');",
      'fs.createReadStream(path) // STREAM',
      '  .on("open", () => fs.readFileSync(path)) // OPEN',
      '  .on("data", () => fs.createReadStream(path).resume()); // DATA',
    );
    expect(await readers(app)).toEqual(['unlocked-reader DATA', 'unlocked-reader OPEN', 'unlocked-reader STREAM']);
  });

  test('it is the line of the source, where Node has source maps on', async () => {
    // Line 4 of the compiled program is line 40 of source.ts: VLQ "A" for each column, and 39 lines down.
    const map = { version: 3, sources: ['source.ts'], names: [], mappings: ';;;AAuCA' };
    const comment = `//# sourceMappingURL=data:application/json;base64,${Buffer.from(JSON.stringify(map)).toString('base64')}`;
    const app = program('', "require('node:fs').readFileSync(path);", comment);
    await app.run([], {}, ['--enable-source-maps']);
    const { findings } = await app.report();
    const reader = findings.find(({ kind }) => kind === 'unlocked-reader');
    expect(reader?.site).toMatchObject({ file: join(app.folder, 'source.ts'), line: 40 });
  });

  test("a program's own Error.prepareStackTrace and stackTraceLimit stay in force, and are not asked", async () => {
    const app = program(
      'let asked = 0;',
      'Error.prepareStackTrace = () => { asked += 1; return "mine"; };',
      'Error.stackTraceLimit = 1;',
      "require('node:fs').readFileSync(path); // R",
      'if (asked !== 0 || Error.stackTraceLimit !== 1 || new Error().stack !== "mine") process.exit(9);',
      'delete Error.prepareStackTrace;',
      "require('node:fs').readFileSync(path); // R2",
      'if (typeof Error.prepareStackTrace === "function") process.exit(8);',
    );
    expect(await readers(app)).toEqual(['unlocked-reader R', 'unlocked-reader R2']);
  });
});

describe('copies', () => {
  test.each(['fs.cpSync(path, copy)', 'await fs.promises.cp(path, copy)', 'await promisify(fs.cp)(path, copy)'])(
    '%s reads one file and makes the other, once',
    async (call) => {
      const app = program(
        "const fs = require('node:fs');",
        "const { promisify } = require('node:util');",
        "const copy = path.replace('data', 'copy');",
        'async function main() {',
        `  ${call}; // C`,
        '}',
        'main();',
      );
      expect(await readers(app)).toEqual(['unlocked-reader C']);
      const { files } = await app.report();
      expect(files.map(({ path, accesses }) => [path.slice(-9), accesses])).toEqual([
        ['data.json', { create: 1, truncate: 1, read: 1 }],
        ['copy.json', { create: 1 }],
      ]);
    },
  );

  test('a folder is the files in it', async () => {
    const app = program(
      "const fs = require('node:fs');",
      "const { dirname, join } = require('node:path');",
      "const folder = join(dirname(path), 'folder');",
      'fs.mkdirSync(folder);',
      "fs.renameSync(path, join(folder, 'a.json'));",
      "fs.cpSync(folder, join(dirname(path), 'copied'), { recursive: true });",
    );
    await app.run([], { HOLDFAST_TRACE: app.path('**/*.json') });
    const { files } = await app.report();
    expect(files.map(({ path, accesses }) => [path.slice(app.folder.length), accesses])).toEqual([
      ['/data.json', { create: 1, truncate: 1, move: 1 }],
      ['/folder/a.json', { publish: 1, read: 1 }],
      ['/copied/a.json', { create: 1 }],
    ]);
  });

  test('copyFile empties what stands there', async () => {
    const app = program("require('node:fs').copyFileSync(__filename, path); // C");
    await app.run();
    expect(await app.marks()).toEqual(['unlocked-writer C', 'unlocked-writer W']);
  });
});
