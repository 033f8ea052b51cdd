// @ts-check
// Which reports bench:check compares with their targets, and how many targets each must hold: one that was not measured is not met.

/** @type {readonly { bench: string, script: string, targets: number, asks: string }[]} */
export const EXPECTED = [
  { bench: 'locks', script: 'bench:locks', targets: 5, asks: 'what locks cost, and how fair they are' },
  { bench: 'cache', script: 'bench:cache', targets: 5, asks: 'get and set from the disk, beside plain calls of Node' },
  { bench: 'memory', script: 'bench:memory', targets: 5, asks: 'the tier in memory' },
  { bench: 'streams', script: 'bench:streams', targets: 4, asks: 'large values' },
  { bench: 'growth', script: 'bench:growth', targets: 5, asks: 'what a cache costs as it grows' },
  { bench: 'peers', script: 'bench:peers', targets: 21, asks: 'holdfast beside what people would pick instead' },
  { bench: 'diagnose', script: 'bench:diagnose', targets: 3, asks: 'logs of gigabytes' },
];

/** So many rounds are a result. */
export const ROUNDS = 5;
