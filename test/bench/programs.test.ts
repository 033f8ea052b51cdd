import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { childrenOf, isGone } from '../helpers/children.js';
import { quickFolder } from '../helpers/folder.js';
import { needs } from '../helpers/needs.js';
import { runProgram } from '../helpers/run.js';
import { eventually } from '../helpers/times.js';

/** A program of bench/. */
function bench(name: string, args: string[], folder = quickFolder()) {
  const path = fileURLToPath(new URL(`../../bench/${name}.mjs`, import.meta.url));
  return runProgram(process.execPath, [path, ...args], { TMPDIR: folder });
}

describe('the programs under bench/', () => {
  test.each([
    ['growth', '--bogus', "Unknown option '--bogus'"],
    ['growth', '--rounds 0', '--rounds expects a whole number from 1 on.'],
    ['growth', '--sizes 100,x', '--sizes expects whole numbers'],
    ['locks', '--seconds 0', '--seconds expects a number above 0, not "0".'],
    ['strategies', '--directory /no/such/folder', 'ENOENT'],
    ['peers', '--only nobody', '--only names nobody'],
    ['check', '--only everything', 'there is no "everything"'],
  ])('bench:%s %s ends with 2 and a sentence', async (name, flags, sentence) => {
    const folder = quickFolder();
    const { exitCode, stderr } = await bench(name, flags.split(' '), folder).ended;
    expect(stderr).toContain(`bench:${name}: `);
    expect(stderr).toContain(sentence);
    expect(exitCode).toBe(2);
    expect(readdirSync(folder)).toEqual([]);
  });

  test.skipIf(!needs('koffi'))('Ctrl-C ends one with 130; its process and its folder are gone', async () => {
    const folder = quickFolder();
    const growth = bench('growth', ['--quick', '--sizes', '1000000'], folder);
    let children: number[] = [];
    await eventually(() => {
      children = childrenOf(growth.pid);
      const [own] = readdirSync(folder);
      return children.length === 1 && own !== undefined && readdirSync(`${folder}/${own}`).length === 1;
    });
    growth.kill('SIGINT');
    expect((await growth.ended).exitCode).toBe(130);
    await eventually(() => children.every(isGone));
    expect(readdirSync(folder)).toEqual([]);
  });
});
