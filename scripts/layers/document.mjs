// @ts-check
// docs/architecture.md: the diagram in it, and the files that it names.

const BEGIN = '<!-- made by npm run layers -->';
const END = '<!-- until here -->';

/**
 * @param {string} text
 * @param {string} diagram
 */
export function withDiagram(text, diagram) {
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin === -1 || end < begin) throw new Error(`docs/architecture.md lacks "${BEGIN}" and "${END}".`);
  return `${text.slice(0, begin)}${BEGIN}\n\n${diagram}\n\n${text.slice(end)}`;
}

/**
 * The files that the page does not name, and those that it names and that are not there, each as a sentence. Doors go without saying:
 * an index.ts only exports.
 *
 * @param {string[]} paths under src/
 * @param {string} text
 */
export function unnamed(paths, text) {
  const named = new Set([...text.matchAll(/\]\(\.\.\/src\/([^)#]+)\)/g)].map((match) => match[1] ?? ''));
  const isDoor = (/** @type {string} */ path) => /^.+\/index\.ts$/.test(path);
  return [
    ...paths
      .filter((path) => !named.has(path) && !isDoor(path))
      .map((path) => `docs/architecture.md does not name src/${path}.`),
    ...[...named]
      .filter((path) => path.endsWith('.ts') && !paths.includes(path))
      .map((path) => `docs/architecture.md names src/${path}, which is not there.`),
  ];
}
