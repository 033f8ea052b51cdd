// @ts-check
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/**
 * @typedef {{ role: string, amount?: number }} Part
 * @typedef {{ role: string, done: number, warmUpUpdates: number, waits: { p50: number, p99: number, max: number }, cpuMs: number }} Outcome
 */

const WORKER = fileURLToPath(new URL('./worker.mjs', import.meta.url));

/**
 * Starts one process a part, lets them go together, stops them after `milliseconds` or as soon as the first of those that end by
 * themselves has ended, and gives what each counted.
 *
 * @param {readonly Part[]} parts
 * @param {string} path
 * @param {{ milliseconds?: number }} options
 * @returns {Promise<Outcome[]>}
 */
export async function runTeam(parts, path, { milliseconds } = {}) {
  const children = parts.map(({ role, amount = 0 }) => fork(WORKER, [role, path, String(amount)]));
  try {
    await Promise.all(children.map((child) => once(child, 'message')));
    const outcomes = children.map(async (child, index) => {
      const [outcome] = await once(child, 'message');
      return { role: parts[index]?.role ?? '', ...outcome };
    });
    for (const child of children) child.send('go');
    const limited = outcomes.filter((_, index) => parts[index]?.role.endsWith('writer'));
    await (milliseconds === undefined ? Promise.race(limited) : delay(milliseconds));
    // One that has ended by itself may be gone by now; its outcome has come.
    for (const child of children) if (child.connected) child.send('stop', () => {});
    return await Promise.all(outcomes);
  } finally {
    for (const child of children) child.kill('SIGKILL');
  }
}
