// @ts-check
// Who is measured by bench:peers, and what each can do.

/**
 * @typedef {'ours' | 'file' | 'database' | 'bare' | 'memory'} Kind
 *   `file`: keeps values in files, as holdfast does; `bare`: node:fs and nothing else; `memory`: of one process, the limit
 * @typedef {object} Peer
 * @property {string} name of the contender, see contenders.mjs
 * @property {Kind} kind
 * @property {string[]} packages
 * @property {'atomic' | 'get and set'} [counting] how a number is counted up: by an operation made for it, or by a get and a set, which is all there
 *   is; absent where processes do not see each other's values
 * @property {boolean} [loads] whether it has an operation that loads what is missing
 * @property {string} [inProcesses] its name where many processes use it, if its documentation wants it opened differently then
 * @property {string} [remark]
 */

/** @type {readonly Peer[]} */
export const PEERS = [
  { name: 'holdfast', kind: 'ours', packages: [], counting: 'atomic', loads: true, remark: 'strategy rename' },
  { name: 'holdfast:flock', kind: 'ours', packages: [], counting: 'atomic', loads: true, remark: 'strategy flock' },
  { name: 'cacache', kind: 'file', packages: ['cacache'], counting: 'get and set' },
  {
    name: 'bentocache',
    kind: 'file',
    packages: ['bentocache'],
    counting: 'get and set',
    loads: true,
    remark: 'the file driver as its only layer',
  },
  {
    name: 'keyv-file',
    kind: 'file',
    packages: ['keyv-file', 'keyv'],
    counting: 'get and set',
    remark:
      'one file, read when it is opened: a get is from the memory of the process and does not see other processes; a set waits 100 ms to write many at once',
  },
  {
    name: 'cache-manager-fs-hash',
    kind: 'file',
    packages: ['cache-manager-fs-hash', 'cache-manager'],
    counting: 'get and set',
    loads: true,
    remark: 'loads with wrap of cache-manager',
  },
  { name: 'unstorage', kind: 'file', packages: ['unstorage'], counting: 'get and set', remark: 'the fs driver' },
  {
    name: 'lmdb',
    kind: 'database',
    packages: ['lmdb'],
    counting: 'atomic',
    remark:
      'a get shows what there was when the turn of the event loop began; a set is awaited until it is on the disk',
  },
  {
    name: 'lmdb:cache',
    kind: 'database',
    packages: ['lmdb'],
    counting: 'atomic',
    inProcesses: 'lmdb:validated',
    remark: 'cache: true, which knows nothing of other processes; over processes cache: { validated: true }',
  },
  {
    name: 'better-sqlite3',
    kind: 'database',
    packages: ['better-sqlite3'],
    counting: 'atomic',
    remark: 'journal_mode WAL, synchronous NORMAL, values as JSON text',
  },
  { name: 'fs', kind: 'bare', packages: [], counting: 'get and set', remark: 'readFileSync and writeFileSync' },
  {
    name: 'fs:rename',
    kind: 'bare',
    packages: [],
    counting: 'get and set',
    remark: 'writeFileSync to a temporary file, renameSync',
  },
  { name: 'Map', kind: 'memory', packages: [] },
  { name: 'lru-cache', kind: 'memory', packages: ['lru-cache'] },
];

/** Of holdfast, each way to call it: what the targets compare is synchronous where the other one is. */
export const WAYS = /** @type {const} */ ([
  'holdfast:sync',
  'holdfast:disk:sync',
  'holdfast:flock:sync',
  'holdfast:flock:disk:sync',
  'holdfast:disk',
  'holdfast:flock:disk',
]);
