import { Command } from 'commander';
import type { CacheCore, FoundEntry } from '../../cache/admin.js';
import { freshEntry, readStream } from '../../cache/admin.js';
import { errorCode } from '../../errors.js';
import { ExitStatus, keyFrom, print } from '../process/index.js';
import { addReportOptions, openOutlet, type ReportFlags } from '../reports/index.js';
import { withCache } from './open-cache.js';

/** `holdfast get`. */
export function getCommand(): Command {
  const command = new Command('get')
    .description('Write the bytes of a value to standard output, as they are stored. Ends with 1 where there is none.')
    .argument('<directory>', 'the directory of the cache')
    .argument('<key>', 'the key; - for standard input')
    .addHelpText('after', '\nExample:\n  holdfast get /var/cache/service user:42 > user.json')
    .action(get);
  return addReportOptions(command, 'print times and codec too, as JSON, a payload that is no text in base64');
}

async function get(directory: string, argument: string, flags: ReportFlags): Promise<void> {
  const outlet = openOutlet('get', flags, { folders: [directory] });
  const key = await keyFrom(argument);
  await withCache(directory, async (core) => {
    const report = flags.json || flags.output !== undefined ? describe(core, key) : undefined;
    const found = flags.json ? report !== undefined : await printBytes(core, key);
    if (!found) process.exitCode = ExitStatus.found;
    else if (report !== undefined) await outlet.deliver({ report, status: ExitStatus.fine });
  });
}

/**
 * Prints the value in pieces, so that it takes little memory, whatever its size. Stops when the reader of the output
 * leaves. False where there is no value.
 */
async function printBytes(core: CacheCore, key: string): Promise<boolean> {
  const stream = await readStream(core, key);
  if (stream === undefined) return false;
  try {
    for await (const piece of stream) {
      if (!(await print(piece))) break;
    }
    return true;
  } catch (error) {
    if (errorCode(error) !== 'ERR_ENTRY_DAMAGED') throw error;
    console.error(`holdfast: ${(error as Error).message}`);
    return false;
  }
}

function describe(core: CacheCore, key: string): object | undefined {
  const place = core.place(key);
  const entry = freshEntry(core, place, core.storage.findSync(place));
  return entry === undefined ? undefined : described(entry);
}

function described({ header, payload }: FoundEntry): object {
  const { key, codec, createdAt, expiresAt } = header;
  const encoding = codec === 'text' || codec === 'json' ? 'utf8' : 'base64';
  const expiry = expiresAt === Number.POSITIVE_INFINITY ? {} : { expiresAt };
  return {
    key,
    codec,
    createdAt,
    ...expiry,
    bytes: payload.length,
    encoding,
    payload: payload.toString(encoding),
  };
}
