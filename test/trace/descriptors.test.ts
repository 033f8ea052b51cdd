import { expect, test } from 'vitest';
import type { How } from '../../src/trace/record/access.js';
import { temporaryFolder } from '../helpers/folder.js';
import { TracedProgram } from '../helpers/trace.js';

/** What is seen of `data.json` while these statements run; `path` is its path, `other` one that nobody watches. */
async function seen(...statements: string[]): Promise<Partial<Record<How, number>> | undefined> {
  const source = `
    const fs = require('node:fs');
    const { setTimeout: delay } = require('node:timers/promises');
    const path = __filename.replace('app.cjs', 'data.json');
    const other = __filename;
    const byte = Buffer.alloc(1);
    async function main() {
      ${statements.join('\n')}
    }
    main();`;
  const app = new TracedProgram(temporaryFolder(), source, 'cjs');
  await app.run();
  const { files } = await app.report();
  return files.find(({ path }) => path === app.path('data.json'))?.accesses;
}

const MAKE = "fs.writeFileSync(path, 'content');";

test('what is read in a loop is one access', async () => {
  const loop = 'for (let at = 0; at < 7; at += 1) fs.readSync(fd, byte, 0, 1, at);';
  expect(await seen(MAKE, "const fd = fs.openSync(path, 'r');", loop)).toEqual({ create: 1, read: 1 });
});

test('what is read again after a while is another, and so is what another line reads', async () => {
  const look = 'const look = () => fs.readSync(fd, byte, 0, 1, 0);';
  expect(
    await seen(
      MAKE,
      "const fd = fs.openSync(path, 'r');",
      look,
      'look(); await delay(150); look();',
      'fs.readSync(fd, byte);',
    ),
  ).toEqual({ create: 1, read: 3 });
});

test('to open is not to read, and to open for writing is not to write', async () => {
  expect(await seen(MAKE, "for (const flags of ['r', 'r+', 'a']) fs.closeSync(fs.openSync(path, flags));")).toEqual({
    create: 1,
  });
});

test('a number that stands for another file by now is not counted', async () => {
  expect(
    await seen(
      MAKE,
      "const fd = fs.openSync(path, 'r+'); fs.closeSync(fd);",
      "const next = fs.openSync(other, 'r');",
      'if (next !== fd) throw new Error("the number was to be used again");',
      'fs.readSync(next, byte);',
    ),
  ).toEqual({ create: 1 });
});

test('what a write does depends on how the file was opened', async () => {
  const write = (flags: string) =>
    `{ const fd = fs.openSync(path, '${flags}'); fs.writeSync(fd, 'x'); fs.closeSync(fd); }`;
  expect(await seen(write('wx'))).toEqual({ create: 1, fill: 1 });
  expect(await seen(MAKE, write('r+'))).toEqual({ create: 1, write: 1 });
  expect(await seen(MAKE, write('w'))).toEqual({ create: 1, truncate: 1, write: 1 });
  expect(await seen(MAKE, write('a'))).toEqual({ create: 1, append: 1 });
  expect(await seen(write('a'), write('a+'))).toEqual({ create: 1, fill: 1, append: 1 });
});

test('functions of whole files, names and descriptors', async () => {
  expect(
    await seen(
      MAKE,
      "fs.appendFileSync(path, '!');",
      "fs.writeFileSync(path, '?', { flag: 'r+' });",
      'fs.truncateSync(path, 1);',
      'fs.copyFileSync(path, path + ".tmp");',
      'fs.renameSync(path + ".tmp", path);',
      'await (await fs.openAsBlob(path)).text();',
      "const fd = fs.openSync(path, 'r+');",
      'fs.readvSync(fd, [byte]); fs.writevSync(fd, [byte]); fs.ftruncateSync(fd);',
      'fs.readFileSync(fd); fs.closeSync(fd);',
      'fs.linkSync(path, path + ".second");',
      'fs.unlinkSync(path);',
    ),
  ).toEqual({ create: 1, append: 1, write: 2, truncate: 2, read: 4, publish: 1, move: 1, remove: 1 });
});

test('methods of a FileHandle', async () => {
  expect(
    await seen(
      MAKE,
      "const file = await fs.promises.open(path, 'r+');",
      'await file.read(byte, 0, 1, 0);',
      'await file.readv([byte], 0);',
      'await file.write("x", 0);',
      'await file.writev([byte], 0);',
      'await file.appendFile("y");',
      'await file.writeFile("z");',
      'await file.truncate(1);',
      'await file.close();',
    ),
  ).toEqual({ create: 1, read: 2, write: 4, truncate: 1 });
});

test('what fails changes nothing', async () => {
  expect(await seen(MAKE, "try { fs.writeFileSync(path, 'x', { flag: 'wx' }); } catch {}")).toEqual({ create: 1 });
  expect(await seen("try { fs.writeFileSync(path, 'x', { flag: 'r+' }); } catch {}")).toBeUndefined();
});
