import { Command } from 'commander';
import { type EntrySummary, walk } from '../cache/walk.js';
import { formatBytes, formatDuration } from './measures.js';
import { withCache } from './open-cache.js';
import { print } from './print.js';
import { printable, printableJson } from './printable.js';

/** `holdfast ls`. */
export function lsCommand(): Command {
  return new Command('ls')
    .description('List the entries of a cache: size, age, time left, codec, key. In no order; expired entries too.')
    .argument('<directory>', 'the directory of the cache')
    .option('--json', 'a JSON object in each line')
    .addHelpText('after', '\nExample:\n  holdfast ls /var/cache/service | sort -k5')
    .action((directory: string, { json }: { json?: true }) => ls(directory, json ? jsonLine : line));
}

async function ls(directory: string, format: (entry: EntrySummary, nowMs: number) => string): Promise<void> {
  await withCache(directory, async (core) => {
    for await (const entry of walk(core)) {
      if (!(await print(`${format(entry, Date.now())}\n`))) return;
    }
  });
}

function line({ key, codec, createdAt, expiresAt, payloadLength }: EntrySummary, nowMs: number): string {
  const columns = [
    formatBytes(payloadLength).padStart(9),
    formatDuration(nowMs - createdAt).padStart(7),
    timeLeft(expiresAt - nowMs).padStart(9),
    codec.padEnd(6),
    printable(key),
  ];
  return columns.join('  ');
}

function timeLeft(milliseconds: number): string {
  if (milliseconds === Number.POSITIVE_INFINITY) return '-';
  return milliseconds <= 0 ? 'expired' : formatDuration(milliseconds);
}

/** Absent times are never. */
function jsonLine({ key, codec, createdAt, expiresAt, payloadLength, fileBytes, tags }: EntrySummary): string {
  const expiry = expiresAt === Number.POSITIVE_INFINITY ? {} : { expiresAt };
  const names = tags.map(({ tag }) => tag);
  return printableJson({ key, codec, createdAt, ...expiry, bytes: payloadLength, fileBytes, tags: names });
}
