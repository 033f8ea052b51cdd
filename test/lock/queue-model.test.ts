import { join } from 'node:path';
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type FileLock, type LockMode, lockFile } from '../../src/index.js';
import { temporaryFolder } from '../helpers/folder.js';

const STEP = fc.oneof(
  fc.record({ does: fc.constant('ask' as const), mode: fc.constantFrom<LockMode>('shared', 'exclusive') }),
  fc.record({ does: fc.constantFrom('withdraw' as const, 'release' as const), which: fc.nat() }),
);

test('one process grants what a queue of readers and writers would, whatever is asked, withdrawn and released', async () => {
  const path = join(temporaryFolder(), 'data');
  await fc.assert(
    fc.asyncProperty(fc.array(STEP, { maxLength: 40 }), async (steps) => {
      const requests: Request[] = [];
      for (const step of steps) {
        if (step.does === 'ask') requests.push(new Request(path, step.mode));
        else if (step.does === 'withdraw') pick(waiting(requests), step.which)?.withdraw();
        else await pick(holding(requests), step.which)?.release();
        await turnOfTheLoop();
        grantInModel(requests);
        expect(holding(requests)).toEqual(requests.filter(({ mayHold }) => mayHold));
      }
      for (const request of requests) await request.end();
    }),
    { numRuns: 60 },
  );
});

/** One request for the lock. `mayHold` is the model's word, `lock` what really came. */
class Request {
  readonly mode: LockMode;
  mayHold = false;
  ended = false;
  lock: FileLock | undefined;
  readonly #abort = new AbortController();
  readonly #answer: Promise<void>;

  constructor(path: string, mode: LockMode) {
    this.mode = mode;
    this.#answer = lockFile(path, mode, { signal: this.#abort.signal }).then(
      (lock) => {
        this.lock = lock;
      },
      () => {},
    );
  }

  withdraw(): void {
    this.ended = true;
    this.#abort.abort();
  }

  async release(): Promise<void> {
    this.ended = true;
    this.mayHold = false;
    await this.lock?.release();
    this.lock = undefined;
  }

  async end(): Promise<void> {
    this.withdraw();
    await this.#answer;
    await this.release();
  }
}

/** From the head of the queue: whatever can be held together with what is held. Nothing overtakes. */
function grantInModel(requests: Request[]): void {
  for (const request of requests.filter(({ ended, mayHold }) => !ended && !mayHold)) {
    const held = requests.filter(({ mayHold }) => mayHold);
    const fits = request.mode === 'shared' ? held.every(({ mode }) => mode === 'shared') : held.length === 0;
    if (!fits) return;
    request.mayHold = true;
  }
}

function holding(requests: Request[]): Request[] {
  return requests.filter(({ lock }) => lock !== undefined);
}

function waiting(requests: Request[]): Request[] {
  return requests.filter(({ lock, ended }) => lock === undefined && !ended);
}

function pick(requests: Request[], which: number): Request | undefined {
  return requests[which % requests.length];
}
