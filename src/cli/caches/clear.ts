import { Command } from 'commander';
import { totals } from '../../cache/admin.js';
import { ExitStatus } from '../process/index.js';
import { addReportOptions, openOutlet, type ReportFlags } from '../reports/index.js';
import { counted, formatBytes } from '../text/index.js';
import { withCache } from './open-cache.js';

/** `holdfast clear`. */
export function clearCommand(): Command {
  const command = new Command('clear')
    .description('Empty a cache, for all processes at once. They may go on using it meanwhile.')
    .argument('<directory>', 'the directory of the cache')
    .addHelpText('after', '\nExample:\n  holdfast clear /var/cache/service')
    .action(clear);
  return addReportOptions(command, 'print what was there as JSON, and nothing else');
}

async function clear(directory: string, flags: ReportFlags): Promise<void> {
  const outlet = openOutlet('clear', flags, { folders: [directory] });
  const { entries, bytes } = await withCache(directory, async (core) => {
    const before = await totals(core);
    await core.sections.replace();
    return before;
  });
  const text = () => `Removed ${counted(entries, 'entry', 'entries')}, ${formatBytes(bytes)}.`;
  await outlet.deliver({ report: { entries, bytes }, text, status: ExitStatus.fine });
}
