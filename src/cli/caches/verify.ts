import { Command } from 'commander';
import type { VerifyReport } from '../../cache/admin.js';
import { verify } from '../../cache/admin.js';
import { ExitStatus } from '../process/index.js';
import { runLong } from '../progress/index.js';
import { addReportOptions, openOutlet, type ReportFlags } from '../reports/index.js';
import { counted, formatBytes, printable } from '../text/index.js';
import { withCache } from './open-cache.js';

interface VerifyFlags extends ReportFlags {
  repair?: true;
}

/** `holdfast verify`. */
export function verifyCommand(): Command {
  const command = new Command('verify')
    .description('Check every entry of a cache, while it is in use. Ends with 1 where something is wrong.')
    .argument('<directory>', 'the directory of the cache')
    .option('--repair', 'remove what is damaged, and correct the totals')
    .addHelpText('after', '\nExample:\n  holdfast verify /var/cache/service --repair')
    .action(run);
  return addReportOptions(command);
}

async function run(directory: string, { repair, ...flags }: VerifyFlags): Promise<void> {
  const outlet = openOutlet('verify', flags, { folders: [directory] });
  const report = await runLong((signal, progress) =>
    withCache(directory, (core) => {
      const onProgress = ({
        shards,
        of,
        entries,
        found,
      }: {
        shards: number;
        of: number;
        entries: number;
        found: number;
      }) => progress.show(shards, of, `${counted(entries, 'entry', 'entries')}, ${counted(found, 'problem')}`);
      return verify(core, { repair, signal, onProgress });
    }),
  );
  if (report === undefined) return;
  const status = report.found > 0 ? ExitStatus.found : ExitStatus.fine;
  await outlet.deliver({ report, text: () => describe(report), status });
}

function describe({ entries, bytes, problems, found, repaired }: VerifyReport): string {
  const lines = problems.map(
    ({ path, problem, repaired: done }) => `${problem}${done ? ' (repaired)' : ''}: ${printable(path)}`,
  );
  if (found > problems.length) lines.push(`... and ${counted(found - problems.length, 'more problem')}`);
  lines.push(`${counted(entries, 'entry', 'entries')} whole, ${formatBytes(bytes)}; ${counted(found, 'problem')}`);
  if (repaired > 0) lines.push(`${counted(repaired, 'problem')} repaired`);
  return lines.join('\n');
}
