import { Command, InvalidArgumentError, Option } from 'commander';
import { encode } from '../../cache/admin.js';
import { HoldfastError } from '../../errors.js';
import { asText, ExitStatus, readInput, STANDARD_INPUT } from '../process/index.js';
import { addReportOptions, openOutlet, type ReportFlags } from '../reports/index.js';
import { withCache } from './open-cache.js';

const CODECS = ['text', 'json', 'bytes'] as const;

interface SetFlags extends ReportFlags {
  codec: (typeof CODECS)[number];
  ttl?: number;
}

/** `holdfast set`. */
export function setCommand(): Command {
  const command = new Command('set')
    .description('Store a value. Services read it only if they use the same codec.')
    .argument('<directory>', 'the directory of the cache')
    .argument('<key>', 'the key')
    .argument('[value]', 'the value; - or nothing for standard input')
    .addOption(new Option('--codec <name>', 'how the value is stored').choices(CODECS).default('text'))
    .option('--ttl <seconds>', 'when it expires (default: never)', toSeconds)
    .addHelpText(
      'after',
      `\nExample:\n  holdfast set /var/cache/service user:42 '{"name":"Ada"}' --codec json --ttl 60`,
    )
    .action(set);
  return addReportOptions(command, 'print what was stored as JSON, and nothing else');
}

async function set(directory: string, key: string, argument: string | undefined, flags: SetFlags): Promise<void> {
  const { codec, ttl } = flags;
  const outlet = openOutlet('set', flags, { folders: [directory] });
  const given = argument === undefined || argument === STANDARD_INPUT ? await readInput() : Buffer.from(argument);
  const value = parseValue(given, codec);
  const bytes = await withCache(
    directory,
    async (core) => {
      const place = core.place(key);
      const encoded = encode(core, place, value, { ttl: ttl === undefined ? undefined : ttl * 1_000 });
      await core.storage.put(place, encoded);
      return encoded.bytes.length;
    },
    { codec },
  );
  await outlet.deliver({ report: { key, codec, fileBytes: bytes }, status: ExitStatus.fine });
}

function parseValue(bytes: Buffer, codec: SetFlags['codec']): unknown {
  if (codec === 'bytes') return bytes;
  const text = asText(bytes);
  if (codec === 'text') return text;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new HoldfastError('ERR_INVALID_ARGUMENT', 'The value is not JSON.', { cause });
  }
}

function toSeconds(text: string): number {
  const seconds = Number(text);
  if (text.trim() !== '' && seconds >= 0) return seconds;
  throw new InvalidArgumentError('Expected a number of seconds.');
}
