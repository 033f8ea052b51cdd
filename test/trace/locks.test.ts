import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../helpers/folder.js';
import { needs } from '../helpers/needs.js';
import { runProgram } from '../helpers/run.js';
import { HOLDFAST, packagePath, TRACE_ENTRY, TracedProgram } from '../helpers/trace.js';

/** How a program comes to hold the lock of `path` and to give it up: statements before and after the work. */
interface Lock {
  readonly needs?: 'fs-ext' | 'koffi';
  readonly take: (mode: 'shared' | 'exclusive') => string;
  readonly release: string;
}

const holdfast = `require('${new URL(HOLDFAST).pathname}')`;
const FS_EXT = needs('fs-ext') ? packagePath('fs-ext') : 'fs-ext';
const fsExt = (mode: string) => `require('${FS_EXT}').flockSync(fd, '${mode === 'shared' ? 'sh' : 'ex'}')`;
const properLockfile = `require('${packagePath('proper-lockfile')}')`;

const LOCKS: Record<string, Lock> = {
  'lockFile of holdfast': {
    take: (mode) => `const lock = await ${holdfast}.lockFile(path, '${mode}');`,
    release: 'await lock.release();',
  },
  'lockFile of holdfast with koffi': {
    needs: 'koffi',
    take: (mode) => `process.env.HOLDFAST_FLOCK = 'koffi'; const lock = await ${holdfast}.lockFile(path, '${mode}');`,
    release: 'await lock.release();',
  },
  'lockFile of holdfast with proper-lockfile': {
    take: (mode) => `const lock = await ${holdfast}.lockFile(path, '${mode}', { strategy: 'proper-lockfile' });`,
    release: 'await lock.release();',
  },
  'fs-ext': {
    needs: 'fs-ext',
    take: (mode) => `const fd = fs.openSync(path + '.lock', 'a'); ${fsExt(mode)};`,
    release: 'fs.closeSync(fd);',
  },
  'fs-ext, unlocked by flock': {
    needs: 'fs-ext',
    take: (mode) => `globalThis.fd ??= fs.openSync(path + '.lock', 'a'); ${fsExt(mode)};`,
    release: `require('${FS_EXT}').flockSync(fd, 'un');`,
  },
  'fs-ext on a FileHandle': {
    needs: 'fs-ext',
    take: (mode) => `const file = await fs.promises.open(path + '.lock', 'a'); const { fd } = file; ${fsExt(mode)};`,
    release: 'await file.close();',
  },
  'proper-lockfile': {
    take: () => `const release = await ${properLockfile}.lock(path, { realpath: false });`,
    release: 'await release();',
  },
  'proper-lockfile, sync': {
    take: () => `const release = ${properLockfile}.lockSync(path, { realpath: false });`,
    release: 'release();',
  },
};

/** Writes and reads under the lock, reads before and after without. */
function program({ take, release }: Lock): string {
  return `
    const fs = require('node:fs');
    const path = __filename.replace('app.cjs', 'data.json');
    async function write() {
      ${take('exclusive')}
      fs.writeFileSync(path, 'content'); // W
      ${release}
    }
    async function read() {
      ${take('shared')}
      await fs.promises.readFile(path); // R
      ${release}
    }
    async function main() {
      await write();
      fs.readFileSync(path); // BEFORE
      await write();
      await read();
      fs.readFileSync(path); // AFTER
    }
    main();`;
}

describe('a lock is known when it was taken through', () => {
  for (const [name, lock] of Object.entries(LOCKS)) {
    test.skipIf(lock.needs !== undefined && !needs(lock.needs))(name, async () => {
      const app = new TracedProgram(temporaryFolder(), program(lock), 'cjs');
      await app.run();
      expect(await app.marks()).toEqual(['unlocked-reader AFTER', 'unlocked-reader BEFORE']);
      expect((await app.report()).findings[0]?.othersLock).toBe(true);
    });
  }

  test.skipIf(!needs('flock'))('flock(1), around the whole program', async () => {
    const source = `
      const fs = require('node:fs');
      for (const text of ['old', 'new']) fs.writeFileSync(process.argv[2], text);`;
    const app = new TracedProgram(temporaryFolder(), source, 'cjs');
    const path = app.path('data.json');
    const { exitCode } = await runProgram('flock', [`${path}.lock`, process.execPath, app.script, path], {
      NODE_OPTIONS: `--import ${TRACE_ENTRY}`,
      HOLDFAST_TRACE: path,
      HOLDFAST_TRACE_DIRECTORY: app.traceDirectory,
    }).ended;
    expect(exitCode).toBe(0);
    const { findings, files } = await app.report();
    expect(findings).toEqual([]);
    expect(files).toMatchObject([{ changedInPlace: true, locked: 2 }]);
  });
});

/** Statements under `lockFile` of holdfast, and what is found in them. */
const CASES: Record<string, { readonly source: string; readonly found: string[] }> = {
  'a writer that holds only the shared lock': {
    source: `
      const lock = await lockFile(path, 'shared');
      fs.writeFileSync(path, 'new'); // W
      await lock.release();`,
    found: ['unlocked-writer W'],
  },
  'a lock that is taken after the open has emptied the file': {
    source: `
      const fd = fs.openSync(path, 'w'); // OPEN
      const lock = await lockFile(path, 'exclusive');
      fs.writeSync(fd, 'new'); // WRITE
      await lock.release();`,
    found: ['unlocked-writer OPEN'],
  },
  'a promise that outlives the lock': {
    source: `
      async function read() {
        const lock = await lockFile(path, 'shared');
        try {
          return fs.promises.readFile(path); // R
        } finally {
          await lock.release();
        }
      }
      await read();`,
    found: ['unlocked-reader R'],
  },
  'a stream that outlives the lock': {
    source: `
      const lock = await lockFile(path, 'shared');
      const stream = fs.createReadStream(path); // R
      await lock.release();
      for await (const chunk of stream) chunk.toString();`,
    found: ['unlocked-reader R'],
  },
  'a lock on the sidecar of another file': {
    source: `
      const lock = await lockFile(path.replace('data', 'other'), 'shared');
      fs.readFileSync(path); // R
      await lock.release();`,
    found: ['unlocked-reader R'],
  },
  'a lock on a sidecar that has been unlinked': {
    source: `
      const lock = await lockFile(path, 'shared');
      fs.unlinkSync(path + '.lock');
      fs.readFileSync(path); // R
      await lock.release();`,
    found: ['unlocked-reader R'],
  },
  'a symbolic link to the data file, locked through the link': {
    source: `
      const link = path.replace('data', 'link');
      fs.symlinkSync(path, link);
      const lock = await lockFile(link, 'shared');
      fs.readFileSync(link); // R
      await lock.release();
      fs.readFileSync(link); // LATER`,
    found: ['unlocked-reader LATER'],
  },
  'the functions of holdfast, whatever they do inside': {
    source: `
      await holdfast.writeFile(path, 'published');
      await holdfast.readFile(path);
      await holdfast.writeFile(path, 'in place', { strategy: 'flock' });
      await holdfast.updateFile(path, (old) => old + '!', { strategy: 'flock' });
      await holdfast.writeFile(path, Buffer.alloc(200_000), { strategy: 'flock' });
      await holdfast.readFile(path);`,
    found: [],
  },
};

test.each(Object.entries(CASES))('%s', async (_name, { source, found }) => {
  const app = new TracedProgram(
    temporaryFolder(),
    `
    const fs = require('node:fs');
    const holdfast = require('${new URL(HOLDFAST).pathname}');
    const { lockFile } = holdfast;
    const path = __filename.replace('app.cjs', 'data.json');
    async function main() {
      const lock = await lockFile(path, 'exclusive');
      fs.writeFileSync(path, 'old');
      fs.writeFileSync(path, 'content');
      await lock.release();
      await (async () => {${source}
      })();
    }
    main();`,
    'cjs',
  );
  await app.run();
  expect(await app.marks()).toEqual(found);
});

test.skipIf(!needs('koffi')).each(['rename', 'flock'])(
  'a FileCache in the folder, strategy %s: nothing is found',
  async (strategy) => {
    const source = `
    const { FileCache } = require('${new URL(HOLDFAST).pathname}');
    async function main() {
      const cache = new FileCache({ directory: process.argv[2], strategy: '${strategy}' });
      for (let round = 0; round < 20; round += 1) {
        await cache.set('key', 'value ' + round);
        await cache.get('key');
        await cache.update('count', (old) => (old ?? 0) + 1);
        await cache.getOrSet('flight' + (round % 2), () => 'loaded');
      }
      await cache.clear();
      await cache.set('key', 'again');
      await cache.close();
    }
    main();`;
    const app = new TracedProgram(temporaryFolder(), source, 'cjs');
    await app.run([app.path('cache')], { HOLDFAST_TRACE: app.path('**') });
    const { findings, files } = await app.report();
    expect(findings).toEqual([]);
    // What was watched at all is what stands outside the eras.
    expect(files.filter(({ path }) => path.includes('/era-'))).toEqual([]);
  },
);
