// @ts-check
// The one table of the house: which folder of src/ may import which, and which rooms it has. From it `npm run layers` makes the linter's
// rules (biome.layers.json) and the diagram in docs/architecture.md; `npm run lint` holds both, and every import, against it.

/**
 * @typedef {object} Layer
 * @property {string} folder under src/
 * @property {string[]} mayImport other folders, by the doors that they have
 * @property {string} reason said where somebody imports another one
 * @property {boolean} [native] whether it may load native packages
 * @property {boolean} [tableOnly] whether it reaches the system through os/syscalls.ts only
 * @property {string[]} [rooms] folders in it, the lowest first: a room imports those before it, and is entered by its index.ts only. Files
 *   beside the rooms import any of them, and no room imports these.
 * @property {string[]} [doors] the files that others may import, beside the doors of its rooms; all of them where it has no rooms
 * @property {RegExp} [entries] files in its rooms that are loaded by themselves, by `import()` or as a process: their place is named
 *   where that is done, and that is no import
 * @property {string} [flat] why it has no rooms, where it has more files than one looks over
 */

/** More files than this, side by side, are a house without rooms. Doors and entries of the package do not count. */
export const MOST_FILES = 12;

/** Everybody's. */
export const COMMON = ['errors.ts'];

/** Native code is loaded in os/ only, so that the whole of it can be read at once. */
export const NATIVE_PACKAGES = ['koffi', 'fs-ext'];

/** @type {Layer[]} the lowest first */
export const LAYERS = [
  { folder: 'html', mayImport: [], reason: 'html/ turns values into text: it imports nothing.' },
  {
    folder: 'os',
    mayImport: [],
    native: true,
    reason: 'os/ is the lowest layer: it imports none of the others.',
    flat: 'one file for each thing that the system is asked for; they hardly know each other',
  },
  {
    folder: 'lock',
    mayImport: ['os'],
    tableOnly: true,
    reason: 'lock/ imports os/ only.',
    flat: 'one protocol, of which `lock-queue.ts` tells the whole',
  },
  {
    folder: 'file',
    mayImport: ['lock', 'os'],
    tableOnly: true,
    reason: 'file/ imports lock/ and os/ only.',
    flat: 'one file for each strategy beside what all of them share',
  },
  {
    folder: 'cache',
    mayImport: ['file', 'lock', 'os'],
    tableOnly: true,
    reason: 'cache/ imports file/, lock/ and os/ only.',
    rooms: [
      'format',
      'shared',
      'directory',
      'era',
      'sections',
      'payload',
      'storage',
      'disk',
      'shards',
      'store',
      'core',
      'read',
      'eviction',
      'upkeep',
      'write',
      'load',
    ],
    doors: ['index.ts', 'admin.ts'],
  },
  {
    folder: 'race',
    mayImport: ['cache', 'file', 'lock', 'os', 'html'],
    reason: 'race/ imports cache/, file/, lock/, os/ and html/ only; bench/ borrows from race/, not the other way.',
    rooms: ['data', 'report', 'contenders', 'processes', 'run', 'page'],
    doors: ['index.ts'],
  },
  {
    folder: 'diagnose',
    mayImport: ['os', 'html'],
    reason: 'diagnose/ reads what others did: it imports os/ and html/ only.',
    rooms: ['report', 'lines', 'strace', 'audit', 'logs', 'world', 'evidence', 'follow', 'page', 'watch', 'run'],
    doors: ['index.ts'],
  },
  {
    folder: 'trace',
    mayImport: ['os'],
    reason: 'trace/ is loaded into other programs: it imports os/ only.',
    rooms: ['seam', 'record', 'instrument', 'report', 'run'],
    doors: ['index.ts'],
    // It is preloaded into programs.
    entries: /^index\.ts$/,
  },
  {
    folder: 'bench',
    mayImport: ['race', 'cache', 'file', 'lock', 'os'],
    reason: 'bench/ imports race/, cache/, file/, lock/ and os/ only.',
    rooms: ['values', 'contenders', 'report', 'work', 'run'],
    doors: ['index.ts'],
    // A process is started, and told what it measures.
    entries: /^(?:work\/worker|contenders\/contenders)\.ts$/,
  },
  {
    folder: 'cli',
    mayImport: ['bench', 'race', 'diagnose', 'trace', 'cache', 'os', 'html'],
    reason: 'cli/ imports what its commands need; file/ and lock/ are reached through those.',
    rooms: ['text', 'process', 'reports', 'progress', 'screen', 'caches', 'commands'],
    // One command is loaded, the one that is asked for.
    entries: /^c(?:aches|ommands)\/[a-z-]+\.ts$/,
  },
];

/** What the files of src/ itself may import: the public face. */
export const FACE = ['cache', 'file', 'lock'];
