// @ts-check
// Which strategy should I use: ten lines, with the figures of the run that the page is made from.
import { significant } from '../support/ratios.mjs';
import { microseconds, peerMicroseconds, perSecond, times } from './figures.mjs';

const KB = 1_024;
const HOT = { processes: 8, reads: 95, keys: 1 };
const WRITES = { processes: 8, reads: 0, keys: 1 };

/**
 * @param {import('./figures.mjs').Reports} reports
 * @returns {string[]}
 */
export function advice(reports) {
  const us = (/** @type {number} */ figure) => `${significant(figure)} us`;
  const ops = (/** @type {number} */ figure) => `${significant(figure)} operations/s`;
  const at = microseconds.bind(undefined, reports);
  const shared = perSecond.bind(undefined, reports);
  return [
    `**A cache for a service**: \`FileCache\` with its default, \`rename\`. Readers never wait: a get takes ${us(at('cache-rename', 'read', KB))} from the disk and ${us(at('cache-rename', 'memory hit', KB))} from memory, a set ${us(at('cache-rename', 'write', KB))}.`,
    `**Small entries that are rewritten all the time**: \`FileCache\` with \`flock\`. A set takes ${us(at('cache-flock', 'write', KB))}; a get from the disk takes a lock, and ${us(at('cache-flock', 'read', KB))}.`,
    `**One hot key, eight processes, 95 % reads**: \`cache-rename\` does ${ops(shared('cache-rename', HOT))}, \`cache-flock\` ${ops(shared('cache-flock', HOT))}.`,
    `**A file that others read who know nothing of locks, or that is mapped**: \`writeFile\` with its default, \`rename\`: ${us(at('rename', 'write', KB))}, and nobody sees anything but a whole file.`,
    `**A file that must stay the same inode, or that PHP or Python rewrite in place too**: \`flock\`: ${us(at('flock', 'write', KB))} a write, ${us(at('flock', 'read', KB))} a read.`,
    `**A counter or a small state that many update**: \`updateFile\` with \`flock\`. Eight processes that only write do ${ops(shared('flock', WRITES))}, with \`rename\` ${ops(shared('rename', WRITES))}.`,
    `**Large values**: \`rename\`; 1 MB is read in ${us(at('rename', 'read', KB * KB))} and written in ${us(at('rename', 'write', KB * KB))}. A cache also checks them: ${us(at('cache-rename', 'read', KB * KB))}.`,
    `**\`write-file-atomic\` and \`proper-lockfile\`**: only where others use them already. A write of 1 KB takes ${times(at('write-file-atomic', 'write', KB), at('rename', 'write', KB))} and ${times(at('proper-lockfile', 'write', KB), at('flock', 'write', KB))} as long as \`rename\` and \`flock\`.`,
    `**One process, and nothing need survive it**: a \`Map\` or \`lru-cache\` (${us(peerMicroseconds(reports, 'lru-cache', 'readNanoseconds'))} a get). holdfast is for what processes share.`,
    `**Transactions over several keys, or queries**: a database. \`better-sqlite3\` takes ${us(peerMicroseconds(reports, 'better-sqlite3', 'readNanoseconds'))} a get, \`lmdb\` ${us(peerMicroseconds(reports, 'lmdb', 'readNanoseconds'))}.`,
  ];
}
