import { Command } from 'commander';
import { ExitStatus, keysFrom } from '../process/index.js';
import { addReportOptions, openOutlet, type ReportFlags } from '../reports/index.js';
import { printable } from '../text/index.js';
import { withCache } from './open-cache.js';

/** `holdfast rm`. */
export function rmCommand(): Command {
  const command = new Command('rm')
    .description('Remove entries. Ends with 1 where one of them was not there.')
    .argument('<directory>', 'the directory of the cache')
    .argument('<keys...>', 'the keys; - for standard input, one in each line')
    .addHelpText('after', '\nExample:\n  holdfast rm /var/cache/service user:42 user:43')
    .action(rm);
  return addReportOptions(command, 'print what was removed as JSON, and nothing else');
}

async function rm(directory: string, args: string[], flags: ReportFlags): Promise<void> {
  const outlet = openOutlet('rm', flags, { folders: [directory] });
  const keys = await keysFrom(args);
  const missing: string[] = [];
  await withCache(directory, async (core) => {
    const places = keys.map((key) => core.place(key));
    for (const place of places) {
      if ((await core.storage.remove(place)) === 'absent') missing.push(place.key);
    }
  });
  if (!flags.json) for (const key of missing) console.error(`holdfast: not there: ${printable(key)}`);
  const status = missing.length > 0 ? ExitStatus.found : ExitStatus.fine;
  await outlet.deliver({ report: { removed: keys.length - missing.length, missing }, status });
}
