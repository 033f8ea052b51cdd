import { Command } from 'commander';
import { cacheStats } from '../../cache/admin.js';
import { ExitStatus } from '../process/index.js';
import { addReportOptions, openOutlet, type ReportFlags } from '../reports/index.js';
import { formatBytes, formatCount, printable } from '../text/index.js';
import { withCache } from './open-cache.js';

/** `holdfast stats`. */
export function statsCommand(): Command {
  const command = new Command('stats')
    .description(
      'Tell how much a cache holds and what was done with it, by all processes. Expired entries count until they are pruned.',
    )
    .argument('<directory>', 'the directory of the cache')
    .addHelpText('after', '\nExample:\n  holdfast stats /var/cache/service')
    .action(stats);
  return addReportOptions(command);
}

async function stats(directory: string, flags: ReportFlags): Promise<void> {
  const outlet = openOutlet('stats', flags, { folders: [directory] });
  const found = await withCache(directory, async (core) => {
    // The tier in memory belongs to each process; the one of this process says nothing.
    const { memory: _, ...counts } = await cacheStats(core, undefined);
    return { directory: core.directory, strategy: core.options.strategy, ...counts };
  });
  const lines = [
    `directory  ${printable(found.directory)}`,
    `strategy   ${found.strategy}`,
    `entries    ${formatCount(found.entries)}`,
    `size       ${formatBytes(found.bytes)}, ${formatBytes(found.diskBytes)} of the disk`,
    `hits       ${formatCount(found.hits)}, ${formatCount(found.memoryHits)} of them in memory`,
    `misses     ${formatCount(found.misses)}`,
    `sets       ${formatCount(found.sets)}`,
    `deletes    ${formatCount(found.deletes)}`,
    `evictions  ${formatCount(found.evictions)}`,
    `damaged    ${formatCount(found.damaged)}`,
    `loads      ${formatCount(found.loads)}, ${formatCount(found.loadFailures)} failed, ${formatCount(found.loadsNotStored)} not stored`,
    `lock waits ${formatCount(found.lockWaits)}`,
  ];
  await outlet.deliver({ report: found, text: () => lines.join('\n'), status: ExitStatus.fine });
}
