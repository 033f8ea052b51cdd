import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { StagedWriter } from '../../../src/cache/payload/staged-writer.js';
import { replaceSyscalls } from '../../../src/os/syscalls.js';

const PIECE = 8;
const FD = 7;

/** A piece is given, or nothing is for some turns of the loop, in which a write may end. */
const step = fc.oneof(fc.uint8Array({ maxLength: 3 * PIECE }), fc.integer({ min: 1, max: 6 }));

test('whatever pauses there are between the pieces, no byte of a buffer changes before it has been written', async () => {
  let file = Buffer.alloc(0);
  // The kernel may take the bytes at any moment until the call ends: here it takes them as late as it can.
  onTestFinished(
    replaceSyscalls({
      writeAsync: async (_fd, buffer, offset, length, position) => {
        for (let turn = 0; turn < 3; turn += 1) await nextTurn();
        expect(position).toBe(file.length);
        file = Buffer.concat([file, buffer.subarray(offset, offset + length)]);
        return length;
      },
    }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      file = Buffer.alloc(0);
      const writer = new StagedWriter(FD, 0, PIECE);
      const given: Uint8Array[] = [];
      for (const one of steps) {
        if (typeof one === 'number') {
          for (let turn = 0; turn < one; turn += 1) await nextTurn();
        } else {
          given.push(one);
          await writer.append(Buffer.from(one));
        }
      }
      await writer.finish();
      expect(file).toEqual(Buffer.concat(given));
    }),
    { numRuns: 300 },
  );
});
