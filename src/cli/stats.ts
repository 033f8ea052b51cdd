import { Command } from 'commander';
import { totals } from '../cache/totals.js';
import { formatBytes } from './measures.js';
import { withCache } from './open-cache.js';
import { print } from './print.js';
import { printable, printableJson } from './printable.js';
import { formatCount } from './style.js';

/** `holdfast stats`. */
export function statsCommand(): Command {
  return new Command('stats')
    .description('Tell how much a cache holds, true for all processes. Expired entries count until they are pruned.')
    .argument('<directory>', 'the directory of the cache')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample:\n  holdfast stats /var/cache/service')
    .action(stats);
}

async function stats(directory: string, { json }: { json?: true }): Promise<void> {
  const found = await withCache(directory, async (core) => {
    const { entries, bytes } = await totals(core);
    return { directory: core.directory, strategy: core.options.strategy, entries, bytes };
  });
  const lines = [
    `directory  ${printable(found.directory)}`,
    `strategy   ${found.strategy}`,
    `entries    ${formatCount(found.entries)}`,
    `size       ${formatBytes(found.bytes)}`,
  ];
  await print(`${json ? printableJson(found, 2) : lines.join('\n')}\n`);
}
