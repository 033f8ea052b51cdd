import { Command } from 'commander';
import { type PruneReport, prune } from '../cache/prune.js';
import { runLong } from './long-command.js';
import { formatBytes } from './measures.js';
import { withCache } from './open-cache.js';
import { print } from './print.js';
import { printableJson } from './printable.js';
import { counted } from './style.js';

/** `holdfast prune`. */
export function pruneCommand(): Command {
  return new Command('prune')
    .description('Remove expired entries and what killed processes left, while the cache is in use.')
    .argument('<directory>', 'the directory of the cache')
    .option('--json', 'print what was removed as JSON')
    .addHelpText('after', '\nExample:\n  holdfast prune /var/cache/service')
    .action(run);
}

async function run(directory: string, { json }: { json?: true }): Promise<void> {
  const report = await runLong((signal, progress) =>
    withCache(directory, (core) =>
      prune(core, { signal, onProgress: ({ shards, of }) => progress.show(shards, of, 'pruned') }),
    ),
  );
  if (report === undefined) return;
  await print(`${json ? printableJson(report, 2) : describe(report)}\n`);
}

function describe({ removed, bytes, temporaries, flightLocks, eras }: PruneReport): string {
  return [
    `Removed ${counted(removed, 'expired entry', 'expired entries')}`,
    counted(temporaries, 'temporary file'),
    counted(flightLocks, 'idle lock'),
    `${counted(eras, 'former era')}; ${formatBytes(bytes)}.`,
  ].join(', ');
}
