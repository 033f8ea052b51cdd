import { Command, InvalidArgumentError, Option } from 'commander';
import { HoldfastError } from '../errors.js';
import { withCache } from './open-cache.js';
import { print } from './print.js';
import { printableJson } from './printable.js';
import { asText, readInput, STANDARD_INPUT } from './standard-input.js';

const CODECS = ['text', 'json', 'bytes'] as const;

interface SetFlags {
  codec: (typeof CODECS)[number];
  ttl?: number;
  json?: true;
}

/** `holdfast set`. */
export function setCommand(): Command {
  return new Command('set')
    .description('Store a value. Services read it only if they use the same codec.')
    .argument('<directory>', 'the directory of the cache')
    .argument('<key>', 'the key')
    .argument('[value]', 'the value; - or nothing for standard input')
    .addOption(new Option('--codec <name>', 'how the value is stored').choices(CODECS).default('text'))
    .option('--ttl <seconds>', 'when it expires (default: never)', toSeconds)
    .option('--json', 'print what was stored as JSON')
    .addHelpText(
      'after',
      `\nExample:\n  holdfast set /var/cache/service user:42 '{"name":"Ada"}' --codec json --ttl 60`,
    )
    .action(set);
}

async function set(directory: string, key: string, argument: string | undefined, flags: SetFlags): Promise<void> {
  const { codec, ttl, json } = flags;
  const given = argument === undefined || argument === STANDARD_INPUT ? await readInput() : Buffer.from(argument);
  const value = parseValue(given, codec);
  const bytes = await withCache(
    directory,
    async (core) => {
      const place = core.place(key);
      const encoded = core.encode(place, value, { ttl: ttl === undefined ? undefined : ttl * 1_000 });
      await core.store.inside(place.shard, 'exclusive', (era) => core.put(era, place, encoded.bytes));
      return encoded.bytes.length;
    },
    { codec },
  );
  if (json) await print(`${printableJson({ key, codec, fileBytes: bytes })}\n`);
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
