import { existsSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { settingsFrom } from '../../src/trace/record/settings.js';
import { WatchList } from '../../src/trace/record/watch-list.js';
import { temporaryFolder } from '../helpers/folder.js';
import { needs } from '../helpers/needs.js';
import { HOLDFAST, TRACE_ENTRY, TracedProgram } from '../helpers/trace.js';

const FORMS: Record<string, string> = {
  'child_process.fork': "fork(script, ['reader'])",
  'child_process.fork without the flags of its parent': "fork(script, ['reader'], { execArgv: [] })",
  'child_process.spawn': "spawn(process.execPath, [script, 'reader'])",
  'a shell': "spawn([process.execPath, script, 'reader'].join(' '), { shell: true })",
};

describe('one report for all processes', () => {
  test.each(Object.entries(FORMS))('%s', async (name, start) => {
    const source = `
      const { fork, spawn } = require('node:child_process');
      const { once } = require('node:events');
      const fs = require('node:fs');
      const script = __filename;
      const path = script.replace('app.cjs', 'data.json');
      async function main() {
        if (process.argv[2] === 'reader') return fs.readFileSync(path); // R
        fs.writeFileSync(path, 'old'); // W
        fs.writeFileSync(path, 'new'); // W
        await once(${start}, 'exit');
      }
      main();`;
    const app = new TracedProgram(temporaryFolder(), source, 'cjs');
    await app.run();
    expect(new Set(await app.marks())).toEqual(new Set(['unlocked-reader R', 'unlocked-writer W']));
    const { threads, findings } = await app.report();
    expect(threads.map(({ exitStatus }) => exitStatus)).toEqual([0, 0]);
    const [first, second] = threads;
    expect(second?.parentPid === first?.pid || name === 'a shell').toBe(true);
    expect(findings.find(({ kind }) => kind === 'unlocked-reader')?.pids).toEqual([second?.pid]);
  });

  test('a cluster, with the requests of each worker', async () => {
    const source = `
      const cluster = require('node:cluster');
      const fs = require('node:fs');
      const { createServer, get } = require('node:http');
      const path = __filename.replace('app.cjs', 'data.json');
      if (cluster.isPrimary) {
        fs.writeFileSync(path, 'old'); // W1
        const workers = [1, 2, 3].map(() => cluster.fork());
        for (const worker of workers) worker.on('message', (port) => {
          get({ port, path: '/by/' + worker.id + '?q=1', agent: false }, (response) => {
            response.resume().on('end', () => worker.kill());
          });
        });
        process.on('exit', () => fs.writeFileSync(path, 'new')); // W2
      } else {
        const server = createServer((request, response) => {
          setImmediate(async () => {
            const content = await fs.promises.readFile(path); // R
            response.end(content);
          });
        });
        server.listen({ port: 0, exclusive: true }, () => process.send(server.address().port));
      }`;
    const app = new TracedProgram(temporaryFolder(), source, 'cjs');
    await app.run();
    const { findings, threads } = await app.report();
    expect(threads).toHaveLength(4);
    const reader = findings.find(({ kind }) => kind === 'unlocked-reader');
    expect(reader).toMatchObject({ accesses: 3, request: { method: 'GET' } });
    expect(reader?.request?.url).toMatch(/^\/by\/[123]\?q=1$/);
    expect(reader?.pids).toHaveLength(3);
    expect(await app.marks()).toEqual(['unlocked-reader R', 'unlocked-writer W1', 'unlocked-writer W2']);
  });

  test('worker threads, each with locks of its own', async () => {
    const source = `
      const { once } = require('node:events');
      const fs = require('node:fs');
      const { isMainThread, Worker } = require('node:worker_threads');
      const { lockFile } = require('${new URL(HOLDFAST).pathname}');
      const path = __filename.replace('app.cjs', 'data.json');
      async function main() {
        if (!isMainThread) return void fs.readFileSync(path); // R
        const lock = await lockFile(path, 'exclusive');
        fs.writeFileSync(path, 'old'); // W
        fs.writeFileSync(path, 'new'); // W
        await once(new Worker(__filename), 'exit');
        await once(new Worker(__filename, { env: {} }), 'exit');
        await lock.release();
      }
      main();`;
    const app = new TracedProgram(temporaryFolder(), source, 'cjs');
    await app.run();
    // The lock is the main thread's: the worker did not ask for it, and would not have been kept out by it.
    expect(await app.marks()).toEqual(['unlocked-reader R']);
    const { findings, threads } = await app.report();
    expect(findings[0]?.accesses).toBe(2);
    expect(threads.map(({ thread }) => thread)).toEqual([0, 1, 2]);
  });

  test('requests of one process that overlap are told apart', async () => {
    const source = `
      import { createServer, get } from 'node:http';
      import { readFile, writeFile } from 'node:fs/promises';
      import { setTimeout as delay } from 'node:timers/promises';
      const path = new URL('data.json', import.meta.url);
      await writeFile(path, 'old');
      await writeFile(path, 'new');
      const waiting = [];
      const server = createServer(async (request, response) => {
        await new Promise((go) => (waiting.push(go) === 2 ? waiting.forEach((each) => each()) : undefined));
        await delay(1);
        if (request.url === '/a') await readFile(path); // A
        else await readFile(path); // B
        response.end();
      }).listen(0, () => {
        let left = 2;
        for (const url of ['/a', '/b']) {
          get({ port: server.address().port, path: url, method: 'PUT', agent: false }, (response) => {
            response.resume().on('end', () => --left === 0 && server.close());
          });
        }
      });`;
    const app = new TracedProgram(temporaryFolder(), source, 'mjs');
    await app.run();
    const lines = source.split('\n');
    const { findings } = await app.report();
    const requests = findings
      .filter(({ kind }) => kind === 'unlocked-reader')
      .map(({ site, request }) => [lines[(site?.line ?? 0) - 1]?.slice(-1), request]);
    expect(Object.fromEntries(requests)).toEqual({
      A: { method: 'PUT', url: '/a' },
      B: { method: 'PUT', url: '/b' },
    });
  });
});

test.skipIf(!needs('koffi'))('a reader that SIGBUS killed is in the report, with what it did last', async () => {
  const source = `
    import { fork } from 'node:child_process';
    import { once } from 'node:events';
    import { truncateSync, writeFileSync } from 'node:fs';
    import { fileURLToPath } from 'node:url';
    import { mapFile } from '${HOLDFAST}';
    const path = fileURLToPath(new URL('data.json', import.meta.url));
    if (process.argv[2] === 'reader') {
      const { bytes } = await mapFile(path, { strategy: 'rename' }); // R
      process.send('mapped');
      await once(process, 'message');
      process.send(bytes[0]);
    } else {
      writeFileSync(path, 'content'); // W1
      const reader = fork(fileURLToPath(import.meta.url), ['reader']);
      await once(reader, 'message');
      truncateSync(path); // W2
      reader.send('touch');
      const [, signal] = await once(reader, 'exit');
      console.log(signal);
    }`;
  const app = new TracedProgram(temporaryFolder(), source, 'mjs');
  expect((await app.run()).stdout).toBe('SIGBUS');
  expect(await app.marks()).toEqual(['unlocked-reader R', 'unlocked-writer W1', 'unlocked-writer W2']);
  const { findings, threads } = await app.report();
  const dead = threads.filter(({ exitStatus }) => exitStatus === undefined);
  expect(dead).toHaveLength(1);
  expect(findings.find(({ kind }) => kind === 'unlocked-reader')).toMatchObject({
    how: { map: 1 },
    calls: ['mapFile'],
    pids: [dead[0]?.pid],
  });
});

test('two copies of --import write everything down once', async () => {
  const app = new TracedProgram(temporaryFolder(), "require('node:fs').writeFileSync(process.argv[2], '')", 'cjs');
  await app.run([app.path('a.json')], { NODE_OPTIONS: `--import ${TRACE_ENTRY}` }, ['--import', `${TRACE_ENTRY}?copy`]);
  const { accesses, threads } = await app.report();
  expect({ accesses, threads: threads.length }).toEqual({ accesses: 1, threads: 1 });
});

test('a program that closes every descriptor goes on being traced, and gets no line into its own files', async () => {
  const source = `
    const fs = require('node:fs');
    for (let fd = 3; fd < 64; fd += 1) {
      try { fs.fstatSync(fd); } catch { continue; }
      if (fs.readlinkSync('/proc/self/fd/' + fd).endsWith('.jsonl')) fs.closeSync(fd);
    }
    const own = fs.openSync(process.argv[2], 'w');
    fs.readFileSync(process.argv[2]);
    fs.readFileSync(process.argv[2]);
    if (fs.fstatSync(own).size !== 0) throw new Error('it has a line of the trace');`;
  const app = new TracedProgram(temporaryFolder(), source, 'cjs');
  await app.run([app.path('a.json')]);
  const { accesses, threads } = await app.report();
  expect({ accesses, threads: threads.length }).toEqual({ accesses: 3, threads: 1 });
});

test('without globs a program does not start, and says why', async () => {
  const app = new TracedProgram(temporaryFolder(), 'process.exit(0)', 'cjs');
  const { exitCode, stderr } = await app.start([], { HOLDFAST_TRACE: '' }).ended;
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/Expected globs with ":" between them in HOLDFAST_TRACE/);
  expect(existsSync(app.traceDirectory)).toBe(false);
});

test('where the log cannot be made the program runs all the same, and a warning says why', async () => {
  const app = new TracedProgram(temporaryFolder(), 'console.log("ran")', 'cjs');
  const { stdout, stderr } = await app.run([], { HOLDFAST_TRACE_DIRECTORY: `${app.script}/trace` });
  expect(stdout).toBe('ran');
  expect(stderr).toMatch(/HOLDFAST_TRACE_OFF\] HoldfastWarning: This thread is not traced: .*ENOTDIR/);
});

test('a glob that contains what stands between globs is refused', () => {
  expect(() => settingsFrom(['a:b'], undefined)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }));
});

test('a working directory with special characters is no glob', () => {
  const here = process.cwd;
  process.cwd = () => '/srv/[a]{b}(c)*';
  onTestFinished(() => {
    process.cwd = here;
  });
  const list = new WatchList(settingsFrom(['./cache/*.json'], undefined).patterns);
  expect(list.watched('/srv/[a]{b}(c)*/cache/x.json')?.kind).toBe('data');
  expect(list.watched('/srv/ab(c)x/cache/x.json')).toBeUndefined();
});
