// @ts-check
// What bench/memory.mjs stores: 5,000 keys of about 1 KB of JSON.

export const keys = Array.from({ length: 5_000 }, (_, index) => `user:${index}:profile`);

/** @param {number} index */
export function profile(index) {
  return {
    id: index,
    name: `User ${index}`,
    roles: ['reader', 'writer', `team-${index % 50}`],
    address: { street: `${index} Long Street`, city: 'Springfield', zip: String(10_000 + index) },
    active: index % 3 === 0,
    about: 'lorem ipsum dolor sit amet '.repeat(30),
  };
}

/** The keys in an order that no processor's prefetching guesses. */
export function shuffledKeys() {
  const shuffled = [...keys];
  let state = 1;
  for (let index = shuffled.length - 1; index > 0; index -= 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    const other = state % (index + 1);
    [shuffled[index], shuffled[other]] = [shuffled[other] ?? '', shuffled[index] ?? ''];
  }
  return shuffled;
}
