// @ts-check
// How fast each contender is: alone in a process, and shared by many.
import { mkdirSync } from 'node:fs';
import { assignmentOf, measureCell } from '../../dist/bench/run/measure-cell.js';
import { runTeam } from '../../dist/bench/run/team.js';
import { interleave } from '../support/rounds.mjs';

/**
 * @typedef {import('../peers.mjs').PeerResult} PeerResult
 * @typedef {{ rounds: number, bytes: number, seed: number, processes: number, keys: number, seconds: number, folder: string }} Plan
 * @typedef {import('../../dist/cli/progress/cache-progress.js').CacheProgress} Progress
 * @typedef {Omit<import('../../dist/bench/report/report.js').BenchCell<string>, 'contender'>} Sharing
 */

/** Where the processes of the driver find the contenders. */
export const MODULE = new URL('./contenders.mjs', import.meta.url).href;
const { signal: never } = new AbortController();

/**
 * Nanoseconds of a get and of a set of an existing key, in a process that does nothing else; a process for each figure.
 *
 * @param {PeerResult[]} peers
 * @param {Plan} plan
 * @param {Progress} progress
 */
export async function measurePace(peers, plan, progress) {
  /** @param {PeerResult} peer */
  const load = (peer) => ({ contender: peer.name, module: MODULE, reads: 0, ...plan });
  /** @param {PeerResult} peer */
  const directoryOf = (peer) => `${plan.folder}/pace-${peer.name}`;
  for (const [index, peer] of peers.entries()) {
    progress.show(index, peers.length, `${peer.name}: filled`);
    mkdirSync(directoryOf(peer));
    // What is in the memory of a process is filled by the one that is measured.
    if (peer.kind !== 'memory')
      await runTeam([{ ...assignmentOf(load(peer), directoryOf(peer), 1), task: 'fill' }], never);
  }
  for (const operation of /** @type {const} */ (['read', 'write'])) {
    let done = 0;
    const figures = await interleave(
      plan.rounds,
      Object.fromEntries(
        peers.map((peer) => [
          peer.name,
          async () => {
            progress.show(done, peers.length * plan.rounds, `${peer.name}: ${operation}s`);
            done += 1;
            const assignment = {
              ...assignmentOf(load(peer), directoryOf(peer), 1),
              task: /** @type {const} */ ('pace'),
              operation,
            };
            const [outcome] = await runTeam([assignment], never);
            return outcome === undefined ? Number.NaN : (outcome.elapsedMs / outcome.operations) * 1e6;
          },
        ]),
      ),
    );
    for (const peer of peers)
      peer[operation === 'read' ? 'readNanoseconds' : 'writeNanoseconds'] = figures[peer.name] ?? null;
  }
}

/**
 * All processes on one hot key, 95 % reads.
 *
 * @param {PeerResult[]} peers
 * @param {Plan} plan
 * @param {Progress} progress
 */
export async function measureSharing(peers, plan, progress) {
  let done = 0;
  await interleave(
    plan.rounds,
    Object.fromEntries(
      peers.map((peer) => [
        peer.name,
        async () => {
          progress.show(done, peers.length * plan.rounds, `${peer.name}: ${plan.processes} processes`);
          done += 1;
          const name = peer.inProcesses ?? peer.name;
          const load = { ...plan, contender: name, module: MODULE, reads: 95, keys: 1 };
          const { contender: _, ...cell } = await measureCell(load, plan.folder, never);
          peer.sharing = [...(peer.sharing ?? []), cell];
          return cell.operationsPerSecond;
        },
      ]),
    ),
  );
}
