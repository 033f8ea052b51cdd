import { Command } from 'commander';
import { totals } from '../cache/totals.js';
import { formatBytes } from './measures.js';
import { withCache } from './open-cache.js';
import { print } from './print.js';
import { printableJson } from './printable.js';
import { counted } from './style.js';

/** `holdfast clear`. */
export function clearCommand(): Command {
  return new Command('clear')
    .description('Empty a cache, for all processes at once. They may go on using it meanwhile.')
    .argument('<directory>', 'the directory of the cache')
    .option('--json', 'print what was there as JSON')
    .addHelpText('after', '\nExample:\n  holdfast clear /var/cache/service')
    .action(clear);
}

async function clear(directory: string, { json }: { json?: true }): Promise<void> {
  const { entries, bytes } = await withCache(directory, async (core) => {
    const before = await totals(core);
    core.store.replace();
    return before;
  });
  const text = json
    ? printableJson({ entries, bytes })
    : `Removed ${counted(entries, 'entry', 'entries')}, ${formatBytes(bytes)}.`;
  await print(`${text}\n`);
}
