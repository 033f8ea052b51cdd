// @ts-check
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { include: ['smoke/runner.vitest.mjs'], environment: 'jsdom', pool: 'forks', testTimeout: 30_000 },
});
