/** As many digits always: of two numbers written over each other one stays, whole. */
const DIGITS = 12;

/** The content of a counter file that says `count`. */
export function formatCount(count: number): Buffer {
  return Buffer.from(`${String(count).padStart(DIGITS, '0')}\n`);
}

/** The number in a counter file. An empty one, or none, counts as 0: so does every program that keeps its state this way. */
export function parseCount(content: Buffer | undefined): number {
  return Number.parseInt(content?.toString('latin1') ?? '', 10) || 0;
}

/** The content that follows another one. */
export function nextCount(content: Buffer | undefined): Buffer {
  return formatCount(parseCount(content) + 1);
}
