import { defineConfig } from 'vitest/config';

/** The same claims with the full counts: minutes, and one file at a time, since each of them uses all processors. */
export default defineConfig({
  test: {
    include: ['test/**/*.stress.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 600_000,
    setupFiles: ['test/report/charge-file.ts', 'test/report/warnings.ts'],
    reporters: ['./test/report/reporter.ts'],
  },
});
