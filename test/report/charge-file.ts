import { afterAll } from 'vitest';
import { processorSeconds } from './processor-time.js';

declare module 'vitest' {
  interface TaskMeta {
    /** What this file has cost, its share of starting the process included. */
    processorSeconds?: number;
  }
}

/** What the files before this one have cost in this process. A process of its own has nothing, so its start is charged too. */
const CHARGED = Symbol.for('holdfast.test.charged');
const charged = globalThis as { [CHARGED]?: number };

// Registered before any hook of the test file, so it runs after all of them.
// biome-ignore lint/correctness/noEmptyPattern: vitest reads the names of the fixtures from this pattern, and refuses any other form.
afterAll(({}, file) => {
  const now = processorSeconds();
  file.meta.processorSeconds = now - (charged[CHARGED] ?? 0);
  charged[CHARGED] = now;
});
