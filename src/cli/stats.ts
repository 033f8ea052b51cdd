import { Command } from 'commander';
import { cacheStats } from '../cache/stats.js';
import { formatBytes } from './measures.js';
import { withCache } from './open-cache.js';
import { print } from './print.js';
import { printable, printableJson } from './printable.js';
import { formatCount } from './style.js';

/** `holdfast stats`. */
export function statsCommand(): Command {
  return new Command('stats')
    .description(
      'Tell how much a cache holds and what was done with it, by all processes. Expired entries count until they are pruned.',
    )
    .argument('<directory>', 'the directory of the cache')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample:\n  holdfast stats /var/cache/service')
    .action(stats);
}

async function stats(directory: string, { json }: { json?: true }): Promise<void> {
  const found = await withCache(directory, async (core) => {
    // The tier in memory is each process's own: this one has none to tell of.
    const { memory: _, ...counts } = await cacheStats(core, undefined);
    return { directory: core.directory, strategy: core.options.strategy, ...counts };
  });
  const lines = [
    `directory  ${printable(found.directory)}`,
    `strategy   ${found.strategy}`,
    `entries    ${formatCount(found.entries)}`,
    `size       ${formatBytes(found.bytes)}`,
    `hits       ${formatCount(found.hits)}, ${formatCount(found.memoryHits)} of them in memory`,
    `misses     ${formatCount(found.misses)}`,
    `sets       ${formatCount(found.sets)}`,
    `deletes    ${formatCount(found.deletes)}`,
    `evictions  ${formatCount(found.evictions)}`,
    `damaged    ${formatCount(found.damaged)}`,
    `loads      ${formatCount(found.loads)}`,
    `lock waits ${formatCount(found.lockWaits)}`,
  ];
  await print(`${json ? printableJson(found, 2) : lines.join('\n')}\n`);
}
