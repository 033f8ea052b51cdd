import { readdirSync, readFileSync } from 'node:fs';

/** Everything in a folder, with the contents of files, to be compared with what is there later. */
export function snapshot(folder: string): unknown {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true });
  return names
    .map((entry) => {
      const path = `${entry.parentPath}/${entry.name}`;
      return [path, entry.isFile() ? readFileSync(path, 'base64') : 'no file'];
    })
    .sort();
}
