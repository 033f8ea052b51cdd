import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type DiagnoseReport, diagnose } from '../../../src/diagnose/index.js';
import { scaled } from '../../helpers/scale.js';

const FIXTURES = fileURLToPath(new URL('../../fixtures/diagnose/', import.meta.url));
/** Every line of every fixture, as bytes. */
const LINES = readdirSync(FIXTURES, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .flatMap((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1').split('\n'));

const mutation = fc.oneof(
  fc.record({ kind: fc.constant('cut' as const), at: fc.nat(200) }),
  fc.record({ kind: fc.constant('behead' as const), at: fc.nat(60) }),
  fc.record({ kind: fc.constant('byte' as const), at: fc.nat(200), byte: fc.nat(255) }),
  fc.record({
    kind: fc.constant('number' as const),
    value: fc.oneof(fc.nat(), fc.constant(-1), fc.bigInt({ min: 0n, max: 2n ** 64n }).map(String)),
  }),
  fc.record({ kind: fc.constant('repeat' as const), times: fc.integer({ min: 2, max: 40 }) }),
  fc.constant({ kind: 'none' as const }),
);

type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never;

function mutate(line: string, change: Mutation): string {
  switch (change.kind) {
    case 'cut':
      return line.slice(0, change.at);
    case 'behead':
      return line.slice(change.at);
    case 'byte':
      return `${line.slice(0, change.at)}${String.fromCharCode(change.byte)}${line.slice(change.at + 1)}`;
    case 'number':
      return line.replace(/\d+(?=[,)])/, String(change.value));
    case 'repeat':
      return `${line}\n`.repeat(change.times).trimEnd();
    case 'none':
      return line;
  }
}

/** Lines of any fixture in any order, most of them changed. */
const logs = fc
  .array(fc.tuple(fc.nat(LINES.length - 1), mutation), { maxLength: 300 })
  .map((picks) => picks.map(([index, change]) => mutate(LINES[index] ?? '', change)).join('\n'));

function isSane(report: DiagnoseReport): void {
  for (const { evidence, timeline, message, advice } of report.findings) {
    expect(evidence).toEqual(timeline.map(({ line }) => line));
    expect(message).not.toMatch(/undefined|NaN|\[object/);
    expect(advice).not.toBe('');
    for (const { line, call } of timeline) {
      expect(line).toBeGreaterThan(0);
      expect(call).not.toMatch(/\p{Cc}/u);
    }
  }
  for (const { garbage, lines } of report.logs) expect(garbage).toBeLessThanOrEqual(lines);
}

describe('whatever is in a log', () => {
  test('lines that are cut, shuffled and changed never throw', async () => {
    await fc.assert(
      fc.asyncProperty(logs, async (text) => {
        isSane(await diagnose([{ name: 'log', chunks: [Buffer.from(text, 'latin1')] }]));
      }),
      { numRuns: scaled(100, 300) },
    );
  });

  test('nor in several logs at once, which are merged', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(logs, { minLength: 2, maxLength: 4 }), async (texts) => {
        isSane(
          await diagnose(
            texts.map((text, index) => ({ name: `log.${4240 + index}`, chunks: [Buffer.from(text, 'latin1')] })),
          ),
        );
      }),
      { numRuns: scaled(20, 60) },
    );
  });

  test('bytes at random never throw', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 400 })), async (chunks) => {
        isSane(await diagnose([{ name: 'log', chunks }]));
      }),
      { numRuns: scaled(70, 200) },
    );
  });
});

describe('memory is bounded', () => {
  /** What is in use after the garbage has been collected, while a log of this many lines is being read. */
  async function heapGrowth(count: number, line: (index: number) => string): Promise<number> {
    setFlagsFromString('--expose-gc');
    const collect: () => void = runInNewContext('gc');
    let begin = 0;
    let most = 0;
    function* chunks() {
      for (let index = 0; index < count; index += 1000) {
        if (index % 20_000 === 0) {
          collect();
          const { heapUsed } = process.memoryUsage();
          if (index === 20_000) begin = heapUsed;
          most = Math.max(most, heapUsed - begin);
        }
        yield Array.from({ length: 1000 }, (_, at) => `${line(index + at)}\n`).join('');
      }
    }
    await diagnose([{ name: 'log', chunks: chunks() }]);
    return most;
  }

  test.each<[string, (index: number) => string]>([
    ['processes that never end', (index) => `${index} openat(AT_FDCWD, "/d/cache", O_RDONLY) = 3`],
    ['files that are never seen again', (index) => `7 openat(AT_FDCWD, "/d/${index}", O_RDWR|O_CREAT, 0666) = 3`],
    [
      'sidecars',
      (index) => `7 openat(AT_FDCWD, "/d/${index}.lock", O_RDWR|O_CREAT, 0666) = 3\n7 flock(3, LOCK_EX) = 0`,
    ],
    ['calls that never return', (index) => `${index} openat(AT_FDCWD, "/d/cache", <unfinished ...>`],
    [
      'deaths',
      (index) =>
        `${index} mmap(NULL, 71, PROT_READ, MAP_SHARED, 3</d/cache>, 0) = 0x1000\n9 truncate("/d/cache", 0) = 0\n${index} --- SIGBUS {si_signo=SIGBUS, si_code=BUS_ADRERR, si_addr=0x1000} ---`,
    ],
    ['readers of one file', (index) => `${index} read(3</d/cache>, "x", 71) = 71\n${index} +++ exited with 0 +++`],
    ['garbage', (index) => `garbage ${index}`],
    ['one long line', () => 'x'.repeat(100)],
  ])('%s', { timeout: 120_000 }, async (_, line) => {
    // Ten times the caps, and more.
    expect(await heapGrowth(100_000, line)).toBeLessThan(48 * 1024 * 1024);
  });
});
