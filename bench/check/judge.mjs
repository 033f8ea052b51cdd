// @ts-check
import { ROUNDS } from '../expected.mjs';
import { isMet, median } from '../support/ratios.mjs';

/**
 * @typedef {import('../support/ratios.mjs').Ratio} Ratio
 * @typedef {import('../support/report.mjs').BenchReport} BenchReport
 */

/**
 * What a report says about its targets, reckoned again from the rounds: a report cannot call itself good. What is no result (no report, a
 * quick one, too few rounds, targets that are missing) is a complaint, and counts as missed.
 *
 * @param {{ bench: string, script: string, targets: number }} expected
 * @param {BenchReport | undefined} report
 * @returns {{ ratios: Ratio[], complaints: string[] }}
 */
export function judge({ bench, script, targets }, report) {
  if (report === undefined) return { ratios: [], complaints: [`There is no report: npm run ${script} writes it.`] };
  const complaints = [];
  if (report.bench !== bench) complaints.push(`The report is of "${report.bench}".`);
  if (report.options['quick'] === true) complaints.push('The report is of a quick run.');
  const ratios = report.ratios.map((ratio) => {
    // JSON has no NaN: what was not measured is null there.
    const rounds = ratio.rounds.map((round) => round ?? Number.NaN);
    const figure = median(rounds);
    return { ...ratio, rounds, ratio: figure, met: isMet(figure, ratio.target) };
  });
  const rounds = report.options['rounds'];
  if (typeof rounds === 'number' && rounds < ROUNDS)
    complaints.push(`The report is of ${rounds} rounds, not ${ROUNDS}.`);
  if (ratios.length < targets) complaints.push(`Only ${ratios.length} of ${targets} targets were measured.`);
  return { ratios, complaints };
}
