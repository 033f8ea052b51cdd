// What is wrong with the code blocks of documents: those of TypeScript and JavaScript are compiled under `strict` against the package's own
// types and run in a folder of their own, JSON is parsed, shell is looked at by bash.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { blocksOf } from './blocks.mjs';

/** @import { Block } from './blocks.mjs' */

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const COMPILER = join(ROOT, 'node_modules/typescript/bin/tsc');
const LONGEST_RUN_MS = 60_000;
/** Languages in which there is nothing to be wrong with. */
const PLAIN = new Set(['text', 'console']);
const EXTENSIONS = new Map([
  ['ts', 'ts'],
  ['js', 'js'],
]);

/**
 * @param {readonly string[]} documents
 * @returns {{ problems: string[], blocks: number, ran: number }}
 */
export function checkDocuments(documents) {
  const blocks = documents.flatMap((document) => blocksOf(document, readFileSync(document, 'utf8')));
  const problems = blocks.filter((block) => !EXTENSIONS.has(block.language)).flatMap(problemsOfOther);
  const programs = blocks.filter((block) => EXTENSIONS.has(block.language));
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-docs-'));
  try {
    const compiled = compile(folder, programs);
    problems.push(...compiled);
    const runnable = compiled.length > 0 ? [] : programs.filter(({ notes }) => notes.notRun === undefined);
    problems.push(...runnable.flatMap((block) => problemsOfRun(folder, block, programs.indexOf(block))));
    return { problems, blocks: blocks.length, ran: runnable.length };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {Block} block
 * @returns {string[]}
 */
function problemsOfOther(block) {
  const { language, code } = block;
  const at = `${block.document}:${block.line}`;
  if (PLAIN.has(language)) return [];
  if (language === 'json') {
    try {
      JSON.parse(code);
      return [];
    } catch (error) {
      return [`${at}: ${error}`];
    }
  }
  if (language === 'sh' || language === 'bash') {
    const { status, stderr } = spawnSync('bash', ['-n'], { input: code, encoding: 'utf8' });
    return status === 0 ? [] : [`${at}: ${stderr.trim()}`];
  }
  return [`${at}: a block in ${language === '' ? 'no language' : language}, which nothing here can check`];
}

/**
 * Compiles all programs at once; what comes out lies in `out/`, where they are run.
 *
 * @param {string} folder
 * @param {readonly Block[]} programs
 * @returns {string[]}
 */
function compile(folder, programs) {
  for (const [index, block] of programs.entries()) {
    const { before, after } = block.notes;
    // A module, also where it imports nothing.
    const code = `${before}${block.code}\n${after}\nexport {};\n`;
    writeFileSync(join(folder, `${index}.${EXTENSIONS.get(block.language)}`), code);
  }
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(ROOT, join(folder, 'node_modules/holdfast'));
  for (const name of ['@types', 'koffi'])
    symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  const { compilerOptions } = JSON.parse(readFileSync(join(ROOT, 'tsconfig.json'), 'utf8'));
  const options = {
    ...compilerOptions,
    ...{ rootDir: '.', outDir: 'out', declaration: false, allowJs: true, checkJs: true },
    // A sample declares what it shows.
    ...{ noUnusedLocals: false, noUnusedParameters: false, noPropertyAccessFromIndexSignature: false },
  };
  const files = programs.map(({ language }, index) => `${index}.${EXTENSIONS.get(language)}`);
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files }));
  if (programs.length === 0) return [];
  const { status, stdout, stderr } = spawnSync(process.execPath, [COMPILER, '-p', folder, '--pretty', 'false'], {
    cwd: folder,
    encoding: 'utf8',
  });
  if (status === 0) return [];
  // What is indented belongs to the message before.
  const messages = `${stdout}${stderr}`.trim().split(/\n(?! )/);
  return messages.map((message) => inDocument(message, programs));
}

/**
 * A message of the compiler, with the place in the document.
 *
 * @param {string} message
 * @param {readonly Block[]} programs
 */
function inDocument(message, programs) {
  const [, index, line, rest] = /^(\d+)\.[jt]s\((\d+),\d+\): (.*)$/s.exec(message) ?? [];
  const block = programs[Number(index)];
  if (block === undefined) return message;
  const linesBefore = block.notes.before.split('\n').length - 1;
  return `${block.document}:${block.line + Number(line) - 1 - linesBefore}: ${rest}`;
}

/**
 * Runs a program in an empty folder. Paths under /var/cache, which samples use as a service would, are folders beside it.
 *
 * @param {string} folder
 * @param {Block} block
 * @param {number} index
 * @returns {string[]}
 */
function problemsOfRun(folder, block, index) {
  const place = join(folder, 'out', `run-${index}`);
  mkdirSync(place, { recursive: true, mode: 0o700 });
  const program = join(place, 'program.js');
  const code = readFileSync(join(folder, 'out', `${index}.js`), 'utf8').replaceAll('/var/cache/', `${place}/cache-`);
  writeFileSync(program, code);
  const { status, signal, stderr } = spawnSync(process.execPath, [program], {
    cwd: place,
    encoding: 'utf8',
    timeout: LONGEST_RUN_MS,
  });
  if (status === 0) return [];
  return [`${block.document}:${block.line}: ended with ${signal ?? status}: ${stderr.trim()}`];
}
