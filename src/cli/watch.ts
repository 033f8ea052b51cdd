import { Command, InvalidArgumentError } from 'commander';
import { watchFiles } from '../diagnose/watch.js';
import { ExitStatus } from './exit-status.js';
import { listenForInterruption } from './interruption.js';
import { displayJson, displayLines, displayScreen, type WatchDisplay } from './watch-display.js';

interface WatchFlags {
  seconds?: number;
  json?: true;
}

/** `holdfast watch`. */
export function watchCommand(): Command {
  return new Command('watch')
    .description(
      'Watch files change: lengths, moments at 0 bytes, new inodes. Ends with 1 where one got empty or was cut.',
    )
    .argument('<files...>', 'the files; they need not be there yet')
    .option('--seconds <number>', 'how long (default: until Ctrl-C)', toSeconds)
    .option('--json', 'print each event as a line of JSON, and the summary as the last one')
    .addHelpText(
      'after',
      `
Looks from outside, without opening or locking anything. What begins and ends between two looks is not seen:
what is shown happened, and what is not shown may have. To see every call: holdfast diagnose.

Example:
  holdfast watch --seconds 60 /var/cache/service/routes.php`,
    )
    .action(watch);
}

async function watch(files: string[], { seconds, json }: WatchFlags): Promise<void> {
  const interruption = listenForInterruption();
  const display = displayFor(json);
  try {
    const { signal } = interruption;
    // Whoever reads our output may have left.
    const over = AbortSignal.any([signal, display.gone]);
    const report = await watchFiles(files, { seconds, signal: over, onEvent: (event) => display.show(event) });
    display.end();
    await display.summarize({ ...report, interrupted: signal.aborted });
    process.exitCode = interruption.exitStatus ?? (report.found ? ExitStatus.found : ExitStatus.fine);
  } finally {
    display.end();
    interruption.end();
  }
}

function displayFor(json: true | undefined): WatchDisplay {
  if (json) return displayJson();
  return process.stdout.isTTY ? displayScreen(process.stdout) : displayLines(process.stdout);
}

function toSeconds(text: string): number {
  const seconds = Number(text);
  if (text.trim() !== '' && seconds > 0 && Number.isFinite(seconds)) return seconds;
  throw new InvalidArgumentError('Expected a number of seconds above 0.');
}
