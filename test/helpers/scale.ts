/**
 * How much is done for a claim. `npm test` does what shows it, within its budget of processor time; `npm run test:full` sets
 * `HOLDFAST_TEST_SCALE=full` and does the larger amount: the same tests, larger numbers.
 */
const FULL = process.env['HOLDFAST_TEST_SCALE'] === 'full';

/** The first number in `npm test`, the second in `npm run test:full`. Also for lists of what is to be tried. */
export function scaled<T>(quick: T, full: T): T {
  return FULL ? full : quick;
}
