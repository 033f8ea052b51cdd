// @ts-check
// What holdfast wants to be beside its peers. A peer that was not measured gives no row; bench:check knows how many there must be.
import { measured, ratioOf } from '../support/ratios.mjs';

/**
 * @typedef {import('../peers.mjs').PeerResult} PeerResult
 * @typedef {import('../support/ratios.mjs').Ratio} Ratio
 */

/**
 * Asynchronous peers are compared with the asynchronous operations, synchronous ones with the synchronous.
 *
 * @param {readonly PeerResult[]} peers
 * @returns {Ratio[]}
 */
export function peerTargets(peers) {
  /** @param {string} name */
  const of = (name) => peers.find((peer) => peer.name === name);
  /** @type {Ratio[]} */
  const ratios = [];
  /**
   * How many times as long the peer takes as ours.
   *
   * @param {'readNanoseconds' | 'writeNanoseconds'} operation
   * @param {string} title
   * @param {string} ours
   * @param {string} peer
   * @param {import('../support/ratios.mjs').Target} target
   */
  const compare = (operation, title, ours, peer, target) => {
    const above = of(peer)?.[operation];
    const below = of(ours)?.[operation];
    if (above && below) ratios.push(ratioOf(`${title}, to ${peer}`, above, below, target));
  };
  const files = peers.filter(({ kind }) => kind === 'file').map(({ name }) => name);

  compare('readNanoseconds', 'memory hit', 'holdfast:sync', 'lmdb', { min: 15 });
  compare('readNanoseconds', 'memory hit', 'holdfast:sync', 'lmdb:cache', { min: 1.5 });
  for (const peer of ['cacache', 'bentocache']) {
    compare('readNanoseconds', 'memory hit', 'holdfast', peer, { min: 1_000 });
  }
  for (const peer of files) {
    // Its get never goes to the disk.
    if (peer !== 'keyv-file') compare('readNanoseconds', 'disk get', 'holdfast:disk', peer, { min: 30 });
  }
  // At most as long as plain fs: at least once as fast.
  compare('readNanoseconds', 'disk get', 'holdfast:disk:sync', 'fs', { min: 1 });

  compare('writeNanoseconds', 'set, flock', 'holdfast:flock:sync', 'better-sqlite3', { min: 3 });
  for (const peer of files) compare('writeNanoseconds', 'set, flock', 'holdfast:flock', peer, { min: 20 });
  compare('writeNanoseconds', 'set, rename', 'holdfast:sync', 'better-sqlite3', { min: 1 });
  compare('writeNanoseconds', 'set, rename', 'holdfast:sync', 'fs:rename', { min: 3 });

  const sqlite = of('better-sqlite3')?.sharing;
  for (const name of ['holdfast:sync', 'holdfast:flock:sync']) {
    const ours = of(name)?.sharing;
    if (!ours || !sqlite) continue;
    const { processes } = ours[0] ?? { processes: 0 };
    const title = `${processes} processes, 95 % reads, one key, ${name}`;
    const perSecond = (/** @type {typeof ours} */ cells) => cells.map((cell) => cell.operationsPerSecond);
    ratios.push(ratioOf(`${title}, to better-sqlite3`, perSecond(ours), perSecond(sqlite), { min: 10 }));
    const fair = ours.map((cell) => cell.slowestToFastest);
    ratios.push(measured(`${title}, slowest to fastest process`, fair, { min: 0.5 }, 'times'));
  }
  return ratios;
}
