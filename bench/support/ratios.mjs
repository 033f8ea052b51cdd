// @ts-check
// What a benchmark claims, in the shape that all reports share: a figure for each round, its median, a target, met or missed.

/**
 * @typedef {{ min: number } | { max: number }} Target
 * @typedef {'times' | 'us' | 'ms' | 'MB' | 'MB/s' | 'findings'} Unit `times`: a ratio to a baseline that was measured in the same round
 * @typedef {{ name: string, ratio: number, unit: Unit, target: Target, rounds: number[], met: boolean }} Ratio
 */

/**
 * The middle of some numbers; of an even count the mean of the two in the middle. NaN of none.
 *
 * @param {readonly number[]} numbers
 */
export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.NaN;
  return (lower + upper) / 2;
}

/**
 * How many times `above` is `below`, round by round; the median decides.
 *
 * @param {string} name
 * @param {readonly number[]} above
 * @param {readonly number[]} below
 * @param {Target} target
 * @returns {Ratio}
 */
export function ratioOf(name, above, below, target) {
  const rounds = above.map((figure, round) => figure / (below[round] ?? Number.NaN));
  return measured(name, rounds, target, 'times');
}

/**
 * A target for a figure that is no ratio, such as a longest wait.
 *
 * @param {string} name
 * @param {readonly number[]} rounds
 * @param {Target} target
 * @param {Unit} unit
 * @returns {Ratio}
 */
export function measured(name, rounds, target, unit) {
  const ratio = median(rounds);
  return { name, ratio, unit, target, rounds: [...rounds], met: isMet(ratio, target) };
}

/**
 * What could not be measured (NaN) does not meet anything.
 *
 * @param {number} ratio
 * @param {Target} target
 */
export function isMet(ratio, target) {
  return 'min' in target ? ratio >= target.min : ratio <= target.max;
}

/**
 * One line for each: met or missed, the median, the target, and the rounds it is the median of.
 *
 * @param {readonly Ratio[]} ratios
 */
export function describeRatios(ratios) {
  const width = Math.max(...ratios.map(({ name }) => name.length));
  return ratios.map(({ name, ratio, unit, target, rounds, met }) => {
    const wanted = 'min' in target ? `>= ${target.min}` : `<= ${target.max}`;
    const figure = `${significant(ratio)}${unit === 'times' ? ' x' : ` ${unit}`}`;
    return `${met ? 'met   ' : 'MISSED'}  ${name.padEnd(width)}  ${figure.padStart(12)}  (${wanted}; rounds ${rounds.map(significant).join(' ')})`;
  });
}

/**
 * Three digits that count, without an exponent.
 *
 * @param {number} number
 */
export function significant(number) {
  if (!Number.isFinite(number)) return '-';
  if (Math.abs(number) >= 100) return Math.round(number).toLocaleString('en-US');
  return String(Number(number.toPrecision(3)));
}
