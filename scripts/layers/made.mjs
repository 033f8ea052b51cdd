// @ts-check
// What is made from the table: the linter's rules, and the diagram.
import { LAYERS, NATIVE_PACKAGES } from './table.mjs';

/** @typedef {import('./table.mjs').Layer} Layer */

/**
 * The rules of Biome for each folder and each room, so that an editor shows what is forbidden where it is typed. They go by the names of
 * folders; `npm run lint` follows every import to its file besides.
 *
 * @param {Layer[]} [layers]
 */
export function linterRules(layers = LAYERS) {
  const overrides = layers.flatMap((layer) => {
    const own = patternsOf(layer, layers);
    const rooms = layer.rooms ?? [];
    return [
      override(`src/${layer.folder}/**`, layer, own),
      ...rooms.map((room, index) =>
        override(`src/${layer.folder}/${room}/**`, layer, [...own, ...roomPatterns(layer, rooms, index)]),
      ),
    ];
  });
  return { $schema: './node_modules/@biomejs/biome/configuration_schema.json', overrides };
}

/**
 * @param {Layer} layer
 * @param {Layer[]} layers
 */
function patternsOf({ folder, mayImport, reason }, layers) {
  const forbidden = layers.filter((other) => other.folder !== folder && !mayImport.includes(other.folder));
  const group = forbidden.flatMap((other) => [`../${other.folder}/**`, `../../${other.folder}/**`]);
  return group.length === 0 ? [] : [{ group, message: reason }];
}

/**
 * @param {Layer} layer
 * @param {string[]} rooms
 * @param {number} index
 */
function roomPatterns({ folder }, rooms, index) {
  const [room, higher] = [rooms[index], rooms.slice(index + 1)];
  const lower = rooms.slice(0, index);
  return [
    { group: ['../*.js'], message: `A room does not know what lies beside the rooms of ${folder}/.` },
    ...(higher.length === 0
      ? []
      : [{ group: higher.map((name) => `../${name}/**`), message: `${room}/ imports only rooms that lie below it.` }]),
    ...(lower.length === 0
      ? []
      : [
          {
            group: lower.flatMap((name) => [`../${name}/*`, `!../${name}/index.js`]),
            message: 'A room is entered by its index.ts.',
          },
        ]),
  ];
}

/**
 * @param {string} includes
 * @param {Layer} layer
 * @param {{ group: string[], message: string }[]} patterns
 */
function override(includes, { folder, native, tableOnly }, patterns) {
  const natives = native ? [] : NATIVE_PACKAGES.map((name) => [name, 'Native code is loaded in os/ only.']);
  const system = tableOnly
    ? ['node:fs', 'node:fs/promises'].map((name) => [name, `${folder}/ reaches the system through os/syscalls.ts.`])
    : [];
  const options = { paths: Object.fromEntries([...natives, ...system]), patterns };
  return {
    includes: [includes],
    linter: { rules: { style: { noRestrictedImports: { level: 'error', options } } } },
  };
}

/**
 * The table as text: a line for each layer, the highest first.
 *
 * @param {Layer[]} [layers]
 */
export function diagram(layers = LAYERS) {
  const lines = layers.toReversed().flatMap(({ folder, mayImport, rooms, flat }) => {
    const imports = mayImport.length === 0 ? 'nothing' : mayImport.map((name) => `${name}/`).join(' ');
    return [
      `${`${folder}/`.padEnd(11)}${imports}`,
      ...(rooms === undefined ? [] : [`${' '.repeat(13)}rooms: ${rooms.map((room) => `${room}/`).join(' ')}`]),
      ...(flat === undefined ? [] : [`${' '.repeat(13)}flat: ${flat}`]),
    ];
  });
  return ['```text', 'folder     may import, beside errors.ts', ...lines, '```'].join('\n');
}
