// @ts-check
// npm run bench:peers: holdfast beside what people would pick instead, the correctness of each beside its speed.
import { mkdirSync } from 'node:fs';
import { measureCorrectness } from './peers/correctness.mjs';
import { installPeers, versionOf } from './peers/install.mjs';
import { PEERS, WAYS } from './peers/peers.mjs';
import { MODULE, measurePace, measureSharing } from './peers/speed.mjs';
import { printPeers } from './peers/table.mjs';
import { peerTargets } from './peers/targets.mjs';
import { displayProgress } from './support/progress.mjs';
import { positive, runBench, wrongUse } from './support/report.mjs';

/**
 * @typedef {import('./peers/peers.mjs').Peer} Peer
 * @typedef {import('./peers/correctness.mjs').Correctness} Correctness
 * @typedef {import('./peers/speed.mjs').Sharing} Sharing
 * @typedef {Peer & { versions: Record<string, string | undefined>, missing?: string, readNanoseconds: number[] | null, writeNanoseconds: number[] | null,
 *   sharing: Sharing[] | null, correctness: Correctness | null }} PeerResult
 */

const BYTES = 1_024;
const SEED = 1;

await runBench(
  'peers',
  async ({ rounds, quick, folder, own }) => {
    const only = own['only'] === '' ? undefined : String(own['only']).split(',');
    const names = [...PEERS.map(({ name }) => name), ...WAYS];
    const chosen = names.filter((name) => only === undefined || only.includes(name.split(':')[0] ?? ''));
    if (chosen.length === 0) throw wrongUse(`--only names nobody of ${PEERS.map(({ name }) => name).join(',')}.`);
    const processes = positive(own, 'processes');
    const plan = { rounds, bytes: BYTES, seed: SEED, processes, keys: 1_000, seconds: quick ? 0.2 : 0.5, folder };
    installPeers();
    const progress = displayProgress();

    /** @type {PeerResult[]} */
    const peers = [];
    for (const [index, name] of chosen.entries()) {
      progress.show(index, chosen.length, `${name}: is it there?`);
      peers.push(await described(name, folder));
    }
    const there = peers.filter(({ missing }) => missing === undefined);
    await measurePace(there, plan, progress);
    const shared = there.filter(({ kind }) => kind !== 'memory');
    await measureSharing(shared, { ...plan, seconds: quick ? 0.3 : 1 }, progress);
    for (const [index, peer] of shared.entries()) {
      // The ways to call holdfast are one code.
      if (/** @type {readonly string[]} */ (WAYS).includes(peer.name)) continue;
      progress.show(index, shared.length, `${peer.name}: correctness`);
      peer.correctness = await measureCorrectness(peer, { ...plan, seconds: quick ? 0.5 : 3 });
    }
    progress.end();
    printPeers(peers);
    return { options: { ...plan, folder: undefined }, results: peers, ratios: peerTargets(peers) };
  },
  { only: '', processes: '8' },
);

/**
 * @param {string} name
 * @param {string} folder
 * @returns {Promise<PeerResult>}
 */
async function described(name, folder) {
  const own = /** @type {const} */ ({ name, kind: 'ours', packages: /** @type {string[]} */ ([]) });
  const peer = PEERS.find((known) => known.name === name) ?? own;
  const versions = Object.fromEntries(peer.packages.map((package_) => [package_, versionOf(package_)]));
  const nothing = { readNanoseconds: null, writeNanoseconds: null, sharing: null, correctness: null };
  const missing = await whyMissing(name, folder);
  return { ...peer, versions, ...nothing, ...(missing === undefined ? {} : { missing }) };
}

/**
 * Why a contender cannot be opened here; `undefined` where it can.
 *
 * @param {string} name
 * @param {string} folder
 */
async function whyMissing(name, folder) {
  /** @type {{ openContender: import('../dist/bench/contenders/contender.js').OpenContender }} */
  const { openContender } = await import(MODULE);
  const directory = `${folder}/try-${name}`;
  mkdirSync(directory);
  try {
    await (await openContender(name, directory)).close();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
