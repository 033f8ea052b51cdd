import { join } from 'node:path';
import { isUrl, pathOfUrl } from '../../os/realms.js';
import { original } from './original.js';

export interface Copy {
  readonly from: string;
  readonly to: string;
}

/**
 * The files that `cp` is going to copy, before its `filter` is asked. They are listed here, and not when node:fs copies
 * them, since each version of Node copies in another way.
 */
export function copies(from: unknown, to: unknown, options: unknown): Copy[] {
  const source = textOf(from);
  const target = textOf(to);
  if (source === undefined || target === undefined) return [];
  const stats = original.statSync(source, { throwIfNoEntry: false });
  if (stats === undefined || !stats.isDirectory()) return [{ from: source, to: target }];
  if (typeof options !== 'object' || options === null || !('recursive' in options) || !options.recursive) return [];
  return original
    .readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((name) => original.statSync(join(source, name), { throwIfNoEntry: false })?.isFile())
    .map((name) => ({ from: join(source, name), to: join(target, name) }));
}

function textOf(path: unknown): string | undefined {
  if (typeof path === 'string') return path;
  return isUrl(path) ? pathOfUrl(path) : undefined;
}
