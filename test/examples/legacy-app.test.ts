import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { reportTrace } from '../../src/trace/report/report.js';
import { holdfast } from '../helpers/cli.js';
import { temporaryFolder } from '../helpers/folder.js';
import { runProgram } from '../helpers/run.js';

const FEED = fileURLToPath(new URL('../../examples/legacy-app/feed.mjs', import.meta.url));

test('examples/legacy-app: of one writer and two readers, exactly the reader that forgot the lock is found', async () => {
  const folder = temporaryFolder();
  const directory = join(folder, 'trace');
  const server = holdfast([
    'trace',
    '--directory',
    directory,
    '--files',
    join(folder, '*.json'),
    '--',
    'examples/legacy-app/server.mjs',
    folder,
  ]);
  const url = await server.firstLine();
  const ask = async (method: string, path: string) => {
    const response = await fetch(`${url}${path}`, { method });
    expect(response.status).toBe(200);
    return response.text();
  };
  for (let round = 0; round < 5; round += 1) {
    await ask('POST', '/prices');
    expect(await ask('GET', '/page')).toMatch(/^apples: \d\npears: \d\n$/);
    expect(JSON.parse(await ask('GET', `/feed?round=${round}`))).toMatchObject({ apples: expect.any(Number) });
  }
  await ask('POST', '/stop');
  expect(await server.ended).toMatchObject({ exitCode: 0 });

  const { findings, accesses } = await reportTrace(directory);
  expect(findings).toMatchObject([
    {
      kind: 'unlocked-reader',
      site: { file: FEED, function: 'feed' },
      accesses: 5,
      withoutLock: 5,
      othersLock: true,
      request: { method: 'GET', url: '/feed?round=0' },
    },
  ]);
  expect(accesses).toBe(16);
});

test('examples/legacy-app/server.mjs, without what it needs, tells its usage', async () => {
  const { stderr, exitCode } = await runProgram('node', ['examples/legacy-app/server.mjs']).ended;
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(/^Usage: /);
});
