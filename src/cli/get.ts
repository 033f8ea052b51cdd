import { Command } from 'commander';
import type { FoundEntry } from '../cache/disk.js';
import { ExitStatus } from './exit-status.js';
import { withCache } from './open-cache.js';
import { print } from './print.js';
import { printableJson } from './printable.js';
import { keyFrom } from './standard-input.js';

/** `holdfast get`. */
export function getCommand(): Command {
  return new Command('get')
    .description('Write the bytes of a value to standard output, as they are stored. Ends with 1 where there is none.')
    .argument('<directory>', 'the directory of the cache')
    .argument('<key>', 'the key; - for standard input')
    .option('--json', 'times and codec too; a payload that is no text in base64')
    .addHelpText('after', '\nExample:\n  holdfast get /var/cache/service user:42 > user.json')
    .action(get);
}

async function get(directory: string, argument: string, { json }: { json?: true }): Promise<void> {
  const key = await keyFrom(argument);
  await withCache(directory, async (core) => {
    const place = core.place(key);
    const content = await core.find(
      place,
      (found) => {
        const entry = core.fresh(place, found);
        return entry && (json ? describe(entry) : Buffer.from(entry.payload));
      },
      'all',
    );
    if (content === undefined) process.exitCode = ExitStatus.found;
    else await print(content);
  });
}

function describe({ header, payload }: FoundEntry): string {
  const { key, codec, createdAt, expiresAt } = header;
  const encoding = codec === 'text' || codec === 'json' ? 'utf8' : 'base64';
  const expiry = expiresAt === Number.POSITIVE_INFINITY ? {} : { expiresAt };
  const value = {
    key,
    codec,
    createdAt,
    ...expiry,
    bytes: payload.length,
    encoding,
    payload: payload.toString(encoding),
  };
  return `${printableJson(value, 2)}\n`;
}
