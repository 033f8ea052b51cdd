import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { diagnose } from '../../../src/diagnose/index.js';
import type { RaceReport } from '../../../src/race/index.js';
import { holdfast, MAIN } from '../../helpers/cli.js';
import { temporaryFolder } from '../../helpers/folder.js';
import { needs } from '../../helpers/needs.js';
import { scaled } from '../../helpers/scale.js';
import { strace } from '../../helpers/strace.js';
import { gist } from './read-text.js';

const processes = fileURLToPath(new URL('../../processes/', import.meta.url));
/** A race under strace is slow; a try in which nobody died shows nothing. */
const TRIES = 20;
const SECONDS = scaled('0.6', '2');
/** To start under strace is what takes time. */
const [READERS, WRITERS] = scaled(['3', '2'], ['5', '3']) as [string, string];

describe.skipIf(!needs('strace', 'koffi'))('a log of the naive race', () => {
  const ways = [
    ['in one file', ['-f']],
    ['in a file for each process', ['-ff', '-ttt']],
  ] as const;

  test.each(ways)(
    '%s: every death is found, with the writer that caused it',
    { timeout: 120_000 },
    async (_, options) => {
      for (let attempt = 0; attempt < TRIES; attempt += 1) {
        const folder = temporaryFolder();
        const log = join(folder, 'trace');
        const json = join(folder, 'race.json');
        const race = [
          MAIN,
          'race',
          '--strategy',
          'naive',
          '--readers',
          READERS,
          '--writers',
          WRITERS,
          '--seconds',
          SECONDS,
          '--output',
          json,
        ];
        await strace([...options, '-o', log], [process.execPath, ...race, '--directory', folder]);
        const { strategies }: RaceReport = JSON.parse(readFileSync(json, 'utf8'));
        const logs = readdirSync(folder).filter((name) => name.startsWith('trace'));
        const { findings } = await diagnose(logs.map((name) => join(folder, name)));
        const deaths = findings.filter(({ kind }) => kind === 'sigbus-after-truncate');
        const died = strategies[0]?.timeline.flatMap((sample) => sample.deaths.map(({ pid }) => pid)) ?? [];
        // The supervisor, which saw the processes end, is the other oracle.
        expect(deaths.map(({ victim }) => victim?.pid).sort()).toEqual(died.sort());
        for (const { path, victim, culprit, timeline } of deaths) {
          expect(path).toMatch(/\/naive\/(cache|counter)$/);
          expect(culprit?.pid).not.toBe(victim?.pid);
          expect(culprit?.call).toMatch(/^openat\(.*O_TRUNC/);
          expect(victim?.died).toBe(true);
          expect(timeline.map(({ kind }) => kind)).toEqual(
            expect.arrayContaining(['open', 'look', 'map', 'truncate', 'signal']),
          );
        }
        if (deaths.length > 0) return;
      }
      throw new Error('Nobody died.');
    },
  );
});

describe.skipIf(!needs('strace', 'php'))("a log of PHP's readfile() beside a writer in Node", () => {
  test('PHP is the victim, Node the culprit', { timeout: 120_000 }, async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'data');
    const log = join(folder, 'trace');
    const script = `node="$1"; php -n ${processes}readfile-loop.php ${path} unlocked 1000000 & reader=$!
      "$node" ${processes}writer.mjs ${path} naive 9 > /dev/null & writer=$!
      wait $reader; echo "$reader $writer"; kill $writer`;
    const child = spawn('strace', ['-f', '-o', log, 'sh', '-c', script, 'sh', process.execPath], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [said]: Buffer[] = await once(child.stdout, 'data');
    await once(child, 'exit');
    const [reader, writer] = String(said).trim().split(' ').map(Number);
    const { findings } = await diagnose([log]);
    expect(findings[0] && gist(findings[0])).toEqual({
      kind: 'sigbus-after-truncate',
      path,
      victim: reader,
      culprit: writer,
    });
    expect(findings[0]).toMatchObject({
      victim: { program: expect.stringMatching(/php/), mapping: { length: 72 }, died: true },
      culprit: { program: expect.stringMatching(/node$/) },
    });
  });
});

describe.skipIf(!needs('strace', 'koffi'))('a log of a program that does it right', () => {
  test.each(['rename', 'flock', 'write-file-atomic', 'cache-rename', 'cache-flock'])(
    '%s: nothing found, status 0',
    { timeout: 120_000 },
    async (how) => {
      const folder = temporaryFolder();
      const log = join(folder, 'trace');
      await strace(['-f', '-o', log], [process.execPath, `${processes}well-behaved.mjs`, join(folder, 'place'), how]);
      // Nothing is found in an empty log either.
      expect(readFileSync(log, 'latin1').match(/\/place/g)?.length).toBeGreaterThan(100);
      const { stdout, exitCode } = await holdfast(['diagnose', log]).ended;
      expect(stdout).toMatch(/^Nothing found in /);
      expect(exitCode).toBe(0);
    },
  );
});

describe.skipIf(!needs('strace'))('a log of a repair that was not finished', () => {
  test('exactly the reader that was forgotten is found, with its call', { timeout: 120_000 }, async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'data');
    const log = join(folder, 'trace');
    const child = spawn('strace', ['-f', '-o', log, process.execPath, `${processes}half-fixed.mjs`, path], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [forgotten]: Buffer[] = await once(child.stdout, 'data');
    await once(child, 'exit');
    const { findings } = await diagnose([log]);
    expect(findings.map(gist)).toEqual([
      { kind: 'unlocked-reader', path, reader: Number(String(forgotten)), writer: expect.any(Number) },
    ]);
    expect(findings[0]?.reader?.call).toMatch(/^read\(\d+, ?".*, \d+\) = \d+$/);
    expect(findings[0]?.advice).toContain(`${path}.lock`);
  });
});
