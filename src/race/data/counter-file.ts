/** A fixed number of digits: where two numbers are written over each other, one of them stays whole. */
const DIGITS = 12;

/** The content of a counter file for this count. */
export function formatCount(count: number): Buffer {
  return Buffer.from(`${String(count).padStart(DIGITS, '0')}\n`);
}

/**
 * The number in a counter file. A missing or empty file counts as 0, as it does in programs that keep their state this
 * way.
 */
export function parseCount(content: Buffer | undefined): number {
  return Number.parseInt(content?.toString('latin1') ?? '', 10) || 0;
}

/** The content after one more increment. */
export function nextCount(content: Buffer | undefined): Buffer {
  return formatCount(parseCount(content) + 1);
}
