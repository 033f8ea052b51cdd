import { defineConfig } from 'vitest/config';

/** These run in one process each of the pool: they start no process, replace nothing that outlives a test, and keep no state. */
const PURE = [
  'test/bench/{charts,check,values/histogram,values/value}.test.ts',
  'test/cli/{commands/whole-number,reports/output-path}.test.ts',
  'test/diagnose/{follow/findings,logs/merge,run/fixtures,strace/whole-line,watch/histogram,watch/pace}.test.ts',
  'test/html/{markup,scale}.test.ts',
  'test/model/*.test.ts',
  'test/race/{data/latency,data/payload,report/options,report/verdict}.test.ts',
  'test/scripts/layers.test.ts',
  'test/trace/{instrument/flags,record/watch-list}.test.ts',
];

export default defineConfig({
  test: {
    testTimeout: 30_000,
    // Forks, not threads: fs-ext must not be loaded on the main thread and in workers of one process.
    pool: 'forks',
    setupFiles: ['test/report/charge-file.ts', 'test/report/warnings.ts'],
    reporters: [['./test/report/reporter.ts', { budgetMinutes: 8 }]],
    // Of what the tests run themselves. What they start runs the build, and is not counted.
    coverage: { provider: 'v8', include: ['src/**'], reporter: ['text-summary', 'html'], reportsDirectory: 'coverage' },
    projects: [
      { extends: true, test: { name: 'pure', include: PURE, isolate: false } },
      { extends: true, test: { name: 'processes', include: ['test/**/*.test.ts'], exclude: PURE } },
    ],
  },
});
