import { Command } from 'commander';
import { type PruneReport, prune } from '../../cache/admin.js';
import { ExitStatus } from '../process/index.js';
import { runLong } from '../progress/index.js';
import { addReportOptions, openOutlet, type ReportFlags } from '../reports/index.js';
import { counted, formatBytes } from '../text/index.js';
import { withCache } from './open-cache.js';

/** `holdfast prune`. */
export function pruneCommand(): Command {
  const command = new Command('prune')
    .description('Remove expired entries and what killed processes left, while the cache is in use.')
    .argument('<directory>', 'the directory of the cache')
    .addHelpText('after', '\nExample:\n  holdfast prune /var/cache/service')
    .action(run);
  return addReportOptions(command, 'print what was removed as JSON, and nothing else');
}

async function run(directory: string, flags: ReportFlags): Promise<void> {
  const outlet = openOutlet('prune', flags, { folders: [directory] });
  const report = await runLong((signal, progress) =>
    withCache(directory, (core) =>
      prune(core, { signal, onProgress: ({ shards, of }) => progress.show(shards, of, 'pruned') }),
    ),
  );
  if (report === undefined) return;
  await outlet.deliver({ report, text: () => describe(report), status: ExitStatus.fine });
}

function describe({ removed, bytes, temporaries, flightLocks, eras }: PruneReport): string {
  return [
    `Removed ${counted(removed, 'expired entry', 'expired entries')}`,
    counted(temporaries, 'temporary file'),
    counted(flightLocks, 'idle lock'),
    `${counted(eras, 'former era')}; ${formatBytes(bytes)}.`,
  ].join(', ');
}
