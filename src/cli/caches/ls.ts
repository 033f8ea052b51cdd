import { Command } from 'commander';
import { type EntrySummary, walk } from '../../cache/admin.js';
import { listenForInterruption, print } from '../process/index.js';
import { addReportOptions, openReportLines, type ReportFlags, type ReportLines } from '../reports/index.js';
import { formatBytes, formatDuration, printable, printableJson } from '../text/index.js';
import { withCache } from './open-cache.js';

/** `holdfast ls`. */
export function lsCommand(): Command {
  const command = new Command('ls')
    .description('List the entries of a cache: size, age, time left, codec, key. In no order; expired entries too.')
    .argument('<directory>', 'the directory of the cache')
    .addHelpText('after', '\nExample:\n  holdfast ls /var/cache/service | sort -k5')
    .action(ls);
  return addReportOptions(command, 'print the entries as lines of JSON');
}

async function ls(directory: string, flags: ReportFlags): Promise<void> {
  // Before the file is begun, so that a signal leads to its removal.
  const interruption = listenForInterruption();
  let lines: ReportLines | undefined;
  try {
    lines = openReportLines('ls', flags, { folders: [directory] });
    const { append, failed } = lines;
    const over = AbortSignal.any([interruption.signal, failed]);
    await withCache(directory, async (core) => {
      let wanted = true;
      for await (const entry of walk(core)) {
        const report = described(entry);
        append(report);
        const text = flags.json ? printableJson(report) : line(entry, Date.now());
        wanted = wanted && (await print(`${text}\n`, over));
        if (over.aborted || (!wanted && flags.output === undefined)) return;
      }
    });
    // Output that standard output has not taken would keep the process alive.
    if (interruption.exitStatus !== undefined) process.exit(interruption.exitStatus);
    lines.commit();
  } finally {
    lines?.abandon();
    interruption.end();
  }
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

/** An entry as JSON. Without `expiresAt` it never expires. */
function described({ key, codec, createdAt, expiresAt, payloadLength, fileBytes, tags }: EntrySummary): object {
  const expiry = expiresAt === Number.POSITIVE_INFINITY ? {} : { expiresAt };
  const names = tags.map(({ tag }) => tag);
  return { key, codec, createdAt, ...expiry, bytes: payloadLength, fileBytes, tags: names };
}
