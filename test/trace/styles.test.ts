import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../helpers/folder.js';
import { scaled } from '../helpers/scale.js';
import { HOLDFAST, TracedProgram } from '../helpers/trace.js';

interface Style {
  /** Names taken from node:fs. */
  readonly names: string[];
  readonly read: string[];
  readonly write: string[];
}

const ROUNDS = 3;

const STYLES: Record<string, Style> = {
  callback: {
    names: ['readFile', 'writeFile'],
    read: [
      'await new Promise((resolve, reject) => {',
      '  readFile(path, (error, data) => (error ? reject(error) : resolve(data))); // R',
      '});',
    ],
    write: [
      'await new Promise((resolve, reject) => {',
      '  writeFile(path, text, (error) => (error ? reject(error) : resolve())); // W',
      '});',
    ],
  },
  sync: {
    names: ['readFileSync', 'writeFileSync'],
    read: ['readFileSync(path); // R'],
    write: ['writeFileSync(path, text); // W'],
  },
  promise: {
    names: ['promises'],
    read: ['await promises.readFile(path); // R'],
    write: ['await promises.writeFile(path, text); // W'],
  },
  stream: {
    names: ['createReadStream', 'createWriteStream'],
    read: ['const stream = createReadStream(path); // R', 'for await (const chunk of stream) chunk.toString();'],
    write: [
      'const stream = createWriteStream(path); // W',
      'await new Promise((resolve, reject) => stream.on("error", reject).end(text, resolve));',
      'if (!stream.closed) await new Promise((resolve) => stream.on("close", resolve));',
    ],
  },
  FileHandle: {
    names: ['promises'],
    read: ['const file = await promises.open(path);', 'await file.readFile(); // R', 'await file.close();'],
    write: [
      'const file = await promises.open(path, "w"); // W',
      'await file.writeFile(text); // W',
      'await file.close();',
    ],
  },
  descriptor: {
    names: ['openSync', 'readSync', 'ftruncateSync', 'writeSync', 'closeSync'],
    read: ['const fd = openSync(path);', 'readSync(fd, Buffer.alloc(9)); // R', 'closeSync(fd);'],
    write: [
      'const fd = openSync(path, 1 | 64); // W',
      'ftruncateSync(fd, 0); // W',
      'writeSync(fd, text, 0); // W',
      'closeSync(fd);',
    ],
  },
};

type Locked = 'both' | 'writer' | 'reader' | 'nobody';

function program(system: string, style: Style, locked: Locked): string {
  const names = `{ ${style.names.join(', ')} }`;
  const imports =
    system === 'mjs'
      ? [`import ${names} from 'node:fs';`, `import { lockFile } from '${HOLDFAST}';`]
      : [`const ${names} = require('node:fs');`, `const { lockFile } = require('${new URL(HOLDFAST).pathname}');`];
  const guarded = (role: 'reader' | 'writer', mode: string, call: string) =>
    locked === 'both' || locked === role ? `await under('${mode}', ${call})` : `await ${call}()`;
  return [
    ...imports,
    'const path = process.argv[2];',
    'const text = JSON.stringify({ of: process.pid });',
    'async function read() {',
    ...style.read,
    '}',
    'async function write() {',
    ...style.write,
    '}',
    'async function under(mode, work) {',
    '  const lock = await lockFile(path, mode);',
    '  try { await work(); } finally { await lock.release(); }',
    '}',
    'async function main() {',
    `  for (let round = 0; round < ${ROUNDS}; round += 1) {`,
    `    ${guarded('writer', 'exclusive', 'write')};`,
    `    ${guarded('reader', 'shared', 'read')};`,
    '  }',
    '}',
    'main();',
  ].join('\n');
}

const EXPECTED: Record<Locked, string[]> = {
  both: [],
  writer: ['unlocked-reader R'],
  reader: ['unlocked-writer W'],
  nobody: ['unlocked-reader R', 'unlocked-writer W'],
};

const EVERY = Object.keys(EXPECTED) as Locked[];
/** For one of the two systems of modules. */
const SOME: Locked[] = ['both', 'nobody'];

describe.each(['mjs', 'cjs'])('%s', (system) => {
  describe.each(Object.keys(STYLES))('%s', (name) => {
    test('exactly the lines without a lock are found', async () => {
      const style = STYLES[name] as Style;
      const folder = temporaryFolder();
      for (const locked of system === 'mjs' ? EVERY : scaled(SOME, EVERY)) {
        const app = new TracedProgram(folder, program(system, style, locked), system);
        await app.run([app.path('data.json')]);
        const marks = [...new Set(await app.marks())];
        expect({ locked, marks }).toEqual({ locked, marks: EXPECTED[locked] });
        const { findings } = await app.report();
        for (const { kind, accesses, withoutLock, othersLock, how } of findings) {
          expect({ withoutLock, othersLock }).toEqual({ withoutLock: accesses, othersLock: locked !== 'nobody' });
          if (kind === 'unlocked-reader') expect(how).toEqual({ read: ROUNDS });
        }
      }
    });
  });
});
