import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { quickFolder } from '../helpers/folder.js';
import { needs } from '../helpers/needs.js';
import { runProgram } from '../helpers/run.js';

const PERMISSION = process.allowedNodeEnvironmentFlags.has('--permission')
  ? '--permission'
  : '--experimental-permission';
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PROGRAM = fileURLToPath(new URL('../processes/permitted.mjs', import.meta.url));

describe.skipIf(!needs('koffi'))('under the permission model of Node', () => {
  test('everything works where it is allowed, also what Node refuses on descriptors', async () => {
    const folder = quickFolder();
    const outcome = await permitted(folder, ['--allow-addons', '--allow-fs-read=*', `--allow-fs-write=${folder}/*`]);
    // That Node refuses it is what makes this test one.
    expect(outcome).toMatchObject({ node: expect.stringContaining('ERR_ACCESS_DENIED') });
    expect(outcome).toMatchObject({ lock: 'works', file: 'works', cache: 'works' });
    expect(outcome).toMatchObject({ flush: expect.stringContaining('write-file-atomic cannot flush') });
    expect(statSync(`${folder}/rename`).mode & 0o777).toBe(0o640);
  });

  test('what is missing is named at once, all of it', async () => {
    const folder = quickFolder();
    const outcome = await permitted(folder, [`--allow-fs-read=${ROOT}/*`]);
    const files = `ERR_ACCESS_DENIED: Node was started with --permission, and a program that locks a file of ${folder} needs --allow-addons --allow-fs-read=${folder}/* --allow-fs-write=${folder}/* as well.`;
    const cache = `ERR_ACCESS_DENIED: Node was started with --permission, and a program that keeps a cache in ${folder}/cache-rename needs --allow-addons --allow-fs-read=* --allow-fs-write=${folder}/cache-rename/* as well.`;
    expect(outcome).toMatchObject({ lock: files, file: files, cache });
  });

  test('a lock needs no more than its folder', async () => {
    const folder = quickFolder();
    const flags = [`--allow-fs-read=${ROOT}/*`, `--allow-fs-read=${folder}/*`, `--allow-fs-write=${folder}/*`];
    const outcome = await permitted(folder, ['--allow-addons', ...flags]);
    expect(outcome).toMatchObject({
      lock: 'works',
      file: 'works',
      cache: expect.stringContaining('--allow-fs-read=*'),
    });
  });

  test('a lock that needs no native code needs no addons', async () => {
    const folder = quickFolder();
    const flags = [`--allow-fs-read=${ROOT}/*`, `--allow-fs-read=${folder}/*`, `--allow-fs-write=${folder}/*`];
    const outcome = await permitted(folder, flags);
    expect(outcome).toMatchObject({ plain: 'works', lock: expect.stringContaining('needs --allow-addons as well') });
  });
});

async function permitted(folder: string, flags: readonly string[]): Promise<unknown> {
  const { stdout, stderr } = await runProgram(process.execPath, [PERMISSION, ...flags, PROGRAM, folder]).ended;
  try {
    return JSON.parse(stdout);
  } catch {
    throw new Error(stderr);
  }
}
