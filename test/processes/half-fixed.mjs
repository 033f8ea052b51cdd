// @ts-check
// A repair that was not finished: one writer and one reader lock, another reader does not. node half-fixed.mjs PATH starts the three, each a
// process of its own, and waits for them; it prints the process id of the one that does not lock.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { readFile, writeFile } from '../../dist/index.js';

const TIMES = 60;
const [path = '', role] = process.argv.slice(2);

/** @type {Record<string, (time: number) => unknown>} */
const roles = {
  'locking writer': (time) => writeFile(path, 'x'.repeat(50 + (time % 20)), { strategy: 'flock' }),
  'locking reader': () => readFile(path),
  'forgotten reader': () => readFileSync(path),
};

const work = roles[role ?? ''];
if (work !== undefined) {
  for (let time = 0; time < TIMES; time += 1) await work(time);
} else {
  await writeFile(path, 'x'.repeat(50), { strategy: 'flock' });
  const children = Object.keys(roles).map((name) =>
    spawn(process.execPath, [process.argv[1] ?? '', path, name], { stdio: 'inherit' }),
  );
  console.log(children[2]?.pid);
  await Promise.all(children.map((child) => once(child, 'exit')));
}
