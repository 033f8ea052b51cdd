// @ts-check
// Shows that the tests notice: each mutant of scripts/mutants/ turns its named test red. `npm run test:mutants [-- TEXT...]`: only those
// whose file or test contains one of the texts.
//
// It works on a copy of the tree. First every named test must be green there. Then, mutant by mutant: the text is replaced, which must
// stand in its file exactly once; the copy is compiled, which must succeed; the named test is run, alone, and must fail. `--whole-file` runs
// the whole test file instead and prints what failed, for whoever looks for the test to name. Ends with 1 where a mutant lived, with 2
// where one does not apply any more.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inCopyOfTree } from './copy-of-tree.mjs';
import { MUTANTS } from './mutants/index.mjs';

/** A mutant may make a test wait for ever. */
const LONGEST_MS = 180_000;

/** @typedef {import('./mutants/mutant.d.ts').Mutant} Mutant */
/** @typedef {{ readonly name: string, readonly status: string }} Ran */

const args = process.argv.slice(2);
const wholeFile = args.includes('--whole-file');
const texts = args.filter((arg) => !arg.startsWith('--'));
const chosen = MUTANTS.filter(
  ({ file, test, name }) => texts.length === 0 || texts.some((text) => `${file} ${test} ${name}`.includes(text)),
);

process.exitCode = inCopyOfTree('mutants', (folder) => {
  const stale = chosen.filter((mutant) => !applies(folder, mutant));
  const fresh = chosen.filter((mutant) => !stale.includes(mutant));
  if (!wholeFile) {
    compile(folder);
    const red = notGreen(folder, fresh);
    for (const line of red) console.error(`Not green without any mutant: ${line}`);
    if (red.length > 0) return 1;
  }
  let lived = 0;
  for (const mutant of fresh) {
    const outcome = tryOut(folder, mutant);
    if (!outcome.killed) lived += 1;
    console.log(
      `${outcome.killed ? 'red  ' : 'LIVED'}  ${mutant.file}: ${oneLine(mutant.from)} => ${oneLine(mutant.to)}`,
    );
    for (const name of outcome.failed) console.log(`         ${mutant.test}: ${name}`);
    if (!outcome.killed) console.log(`         ${outcome.why}`);
  }
  console.log(`\n${fresh.length - lived} of ${fresh.length} mutants turned their test red.`);
  for (const { file, from } of stale) console.error(`Stands not exactly once in ${file} any more: ${oneLine(from)}`);
  if (stale.length > 0) return 2;
  return lived === 0 ? 0 : 1;
});

/** @param {string} folder @param {Mutant} mutant */
function applies(folder, { file, from }) {
  const path = join(folder, file);
  return existsSync(path) && readFileSync(path, 'utf8').split(from).length === 2;
}

/**
 * Compiles the copy; what the compiler says where it refuses. That a name is not used any more is no reason to: a step has been left out.
 *
 * @param {string} folder
 */
function compile(folder) {
  const unused = ['--noUnusedLocals', 'false', '--noUnusedParameters', 'false'];
  const { status, stdout } = spawnSync('npx', ['tsc', '-p', 'tsconfig.json', ...unused], {
    cwd: folder,
    encoding: 'utf8',
  });
  return status === 0 ? undefined : stdout;
}

/** @param {string} folder @param {Mutant[]} mutants @returns {string[]} */
function notGreen(folder, mutants) {
  const files = [...new Set(mutants.map(({ test }) => test))];
  const ran = runTests(
    folder,
    files,
    mutants.map(({ name }) => name),
  );
  return mutants
    .filter(({ name }) => !ran.some((test) => test.name === name && test.status === 'passed'))
    .map(({ test, name }) => `${test}: ${name}`);
}

/**
 * @param {string} folder
 * @param {Mutant} mutant
 * @returns {{ killed: boolean, failed: string[], why: string }}
 */
function tryOut(folder, { file, from, to, test, name }) {
  const path = join(folder, file);
  const source = readFileSync(path, 'utf8');
  writeFileSync(
    path,
    source.replace(from, () => to),
  );
  try {
    const refusal = compile(folder);
    if (refusal !== undefined) return { killed: false, failed: [], why: `the compiler refuses it:\n${refusal}` };
    const ran = runTests(folder, [test], wholeFile ? [] : [name]);
    const failed = ran.filter(({ status }) => status === 'failed').map((result) => result.name);
    const killed = wholeFile ? failed.length > 0 : failed.includes(name);
    return { killed, failed, why: ran.length === 0 ? 'no test ran' : `${name} passed` };
  } finally {
    writeFileSync(path, source);
  }
}

/**
 * @param {string} folder
 * @param {string[]} files
 * @param {string[]} names
 * @returns {Ran[]}
 */
function runTests(folder, files, names) {
  const report = join(folder, '.mutants.json');
  rmSync(report, { force: true });
  const pattern = names.map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|');
  const filter = names.length === 0 ? [] : ['-t', `^(?:${pattern})$`];
  const command = ['vitest', 'run', '--reporter=json', `--outputFile=${report}`, ...files, ...filter];
  const { error } = spawnSync('npx', command, {
    cwd: folder,
    stdio: 'ignore',
    timeout: LONGEST_MS,
    killSignal: 'SIGINT',
  });
  // Interrupted: vitest ends its processes, and has written no report.
  if (error !== undefined && names.length === 1) return [{ name: names[0] ?? '', status: 'failed' }];
  const { testResults } = JSON.parse(readFileSync(report, 'utf8'));
  return testResults.flatMap((/** @type {any} */ { assertionResults }) =>
    assertionResults.map((/** @type {any} */ { fullName, status }) => ({ name: fullName, status })),
  );
}

/** @param {string} code */
function oneLine(code) {
  return code.replace(/\s+/g, ' ').trim() || 'nothing';
}
