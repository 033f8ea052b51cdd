// @ts-check
import { existsSync } from 'node:fs';
import { EXPECTED } from '../expected.mjs';
import { RESULTS, readReport } from '../support/report.mjs';

/**
 * The reports that there are, by the name of the benchmark.
 *
 * @returns {import('./figures.mjs').Reports}
 */
export function readReports() {
  const names = ['strategies', ...EXPECTED.map(({ bench }) => bench)];
  return Object.fromEntries(
    names.map((name) => [
      name,
      existsSync(`${RESULTS}${name}.json`) ? readReport(`${RESULTS}${name}.json`) : undefined,
    ]),
  );
}
