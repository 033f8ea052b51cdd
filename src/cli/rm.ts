import { Command } from 'commander';
import { ExitStatus } from './exit-status.js';
import { withCache } from './open-cache.js';
import { print } from './print.js';
import { printable, printableJson } from './printable.js';
import { keysFrom } from './standard-input.js';

/** `holdfast rm`. */
export function rmCommand(): Command {
  return new Command('rm')
    .description('Remove entries. Ends with 1 where one of them was not there.')
    .argument('<directory>', 'the directory of the cache')
    .argument('<keys...>', 'the keys; - for standard input, one in each line')
    .option('--json', 'print what was removed as JSON')
    .addHelpText('after', '\nExample:\n  holdfast rm /var/cache/service user:42 user:43')
    .action(rm);
}

async function rm(directory: string, args: string[], { json }: { json?: true }): Promise<void> {
  const keys = await keysFrom(args);
  const missing: string[] = [];
  await withCache(directory, async (core) => {
    const places = keys.map((key) => core.place(key));
    for (const place of places) {
      const removed = await core.store.inside(place.shard, 'exclusive', (era) => core.remove(era, place));
      if (!removed) missing.push(place.key);
    }
  });
  if (missing.length > 0) process.exitCode = ExitStatus.found;
  if (json) await print(`${printableJson({ removed: keys.length - missing.length, missing })}\n`);
  else for (const key of missing) console.error(`holdfast: not there: ${printable(key)}`);
}
