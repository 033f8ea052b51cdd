/** The key that increments go to. */
export const COUNTER_KEY = 'counter';

/** The keys that are read and written. */
export function keyName(index: number): string {
  return `key-${index}`;
}

/** The keys of a stampede. */
export function coldKeyName(index: number): string {
  return `cold-${index}`;
}
