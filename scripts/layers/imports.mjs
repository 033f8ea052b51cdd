// @ts-check
// What the files of src/ import, and what of it the table forbids. Pure: a map of files goes in, sentences come out.
import { posix } from 'node:path';
import { COMMON, FACE, LAYERS, MOST_FILES, NATIVE_PACKAGES } from './table.mjs';

/**
 * @typedef {import('./table.mjs').Layer} Layer
 * @typedef {{ layers?: Layer[], face?: string[] }} House
 * @typedef {{ layer: string, room: string, name: string }} Place of a file: `layer` and `room` are '' where it lies in none
 */

const IMPORTS =
  /(?:^|\n)\s*(?:import|export)\s[^;'"]*?from\s+'([^']+)'|(?:^|\n)import\s+'([^']+)'|(?:\bimport\(\s*|new URL\(\s*)'([^']+\.js|[^.'][^']*)'/g;
const SYSTEM = ['node:fs', 'node:fs/promises'];

/**
 * The modules that a file names, as it names them: also those that it loads later, by `import()` or as a process.
 *
 * @param {string} text
 */
export function specifiersIn(text) {
  return [...text.matchAll(IMPORTS)].map(([, first, second, later]) => ({
    name: first ?? second ?? later ?? '',
    later: later !== undefined,
  }));
}

/**
 * What in these files the table forbids, each as a sentence.
 *
 * @param {ReadonlyMap<string, string>} files by path under src/, such as `os/flock.ts`
 * @param {House} [house]
 */
export function violations(files, { layers = LAYERS, face = FACE } = {}) {
  const byFolder = new Map(layers.map((layer) => [layer.folder, layer]));
  const found = [...foldersAmiss(files, layers)];
  for (const [path, text] of files) {
    const from = placeOf(path);
    const layer = byFolder.get(from.layer);
    for (const { name, later } of specifiersIn(text)) {
      const target = fileOf(path, name);
      const forbidden = name.startsWith('.')
        ? forbiddenFile(from, target, later, byFolder, face)
        : forbiddenModule(layer, name);
      if (forbidden !== undefined) found.push(`src/${path} imports ${name}: ${forbidden}`);
    }
  }
  return found;
}

/**
 * A file of src/ by the name that another one gives it. Processes are started from `dist/`, also where the tests run `src/`.
 *
 * @param {string} path
 * @param {string} name
 */
function fileOf(path, name) {
  return posix
    .join('src', posix.dirname(path), name)
    .replace(/^(?:src|dist)\//, '')
    .replace(/\.js$/, '.ts');
}

/**
 * @param {Layer | undefined} layer
 * @param {string} name
 */
function forbiddenModule(layer, name) {
  if (NATIVE_PACKAGES.includes(name) && !layer?.native) return 'native code is loaded in os/ only.';
  if (SYSTEM.includes(name) && layer?.tableOnly) return `${layer.folder}/ reaches the system through os/syscalls.ts.`;
  return undefined;
}

/**
 * @param {Place} from
 * @param {string} target
 * @param {boolean} later
 * @param {Map<string, Layer>} byFolder
 * @param {string[]} face
 */
function forbiddenFile(from, target, later, byFolder, face) {
  if (COMMON.includes(target) || target.startsWith('../')) return undefined;
  const to = placeOf(target);
  const layer = byFolder.get(to.layer);
  if (layer === undefined) return from.layer === '' && to.layer === '' ? undefined : `no layer has ${target}.`;
  const isEntry = later && layer.entries?.test(to.room === '' ? to.name : `${to.room}/${to.name}`);
  if (from.layer !== to.layer) {
    const own = byFolder.get(from.layer);
    if (!(own?.mayImport ?? face).includes(to.layer))
      return own?.reason ?? `the public face does not show ${to.layer}/.`;
    if (to.room === '' && layer.rooms !== undefined && !(layer.doors ?? []).includes(to.name))
      return `it is no door of ${to.layer}/.`;
  } else if (from.room !== to.room) {
    const rooms = layer.rooms ?? [];
    if (to.room === '' && !isEntry) return `a room does not know what lies beside the rooms of ${to.layer}/.`;
    if (from.room !== '' && to.room !== '' && rooms.indexOf(to.room) > rooms.indexOf(from.room))
      return `${from.room}/ lies below ${to.room}/.`;
  }
  const entersRoom = to.room !== '' && !isEntry && (from.layer !== to.layer || from.room !== to.room);
  if (entersRoom && to.name !== 'index.ts') return `${to.layer}/${to.room}/ is entered by its index.ts.`;
  return undefined;
}

/**
 * Folders that the table does not know, those that are not there, and those that are too full.
 *
 * @param {ReadonlyMap<string, string>} files
 * @param {Layer[]} layers
 */
function* foldersAmiss(files, layers) {
  const known = new Map(
    layers.flatMap(({ folder, rooms = [], flat }) => [
      [folder, flat],
      ...rooms.map((room) => /** @type {[string, undefined]} */ ([`${folder}/${room}`, undefined])),
    ]),
  );
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const path of files.keys()) {
    const folder = posix.dirname(path);
    const counted = posix.basename(path) === 'index.ts' ? 0 : 1;
    counts.set(folder, (counts.get(folder) ?? 0) + counted);
  }
  for (const [folder, count] of counts) {
    if (folder === '.') continue;
    if (!known.has(folder)) yield `src/${folder}/ is not in the table.`;
    else if (count > MOST_FILES && known.get(folder) === undefined)
      yield `src/${folder}/ has ${count} files: it wants rooms, or a reason in the table.`;
  }
  for (const [folder] of known) {
    const inhabited = [...counts.keys()].some((name) => name === folder || name.startsWith(`${folder}/`));
    if (!inhabited) yield `src/${folder}/ is in the table, and not there.`;
  }
}

/**
 * @param {string} path
 * @returns {Place}
 */
function placeOf(path) {
  const parts = path.split('/');
  const name = parts.at(-1) ?? '';
  return { layer: parts.length > 1 ? (parts[0] ?? '') : '', room: parts.slice(1, -1).join('/'), name };
}
