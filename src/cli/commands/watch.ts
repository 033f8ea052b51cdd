import { Command, InvalidArgumentError } from 'commander';
import { type WatchEvent, watchFiles } from '../../diagnose/watch/index.js';
import { ExitStatus, listenForInterruption } from '../process/index.js';
import { addReportOptions, openReportLines, type ReportFlags, type ReportLines } from '../reports/index.js';
import { displayJson, displayLines, displayScreen, type WatchDisplay } from '../screen/index.js';

interface WatchFlags extends ReportFlags {
  seconds?: number;
}

/** `holdfast watch`. */
export function watchCommand(): Command {
  const command = new Command('watch')
    .description(
      'Watch files change: lengths, moments at 0 bytes, new inodes. Ends with 1 where one got empty or was cut.',
    )
    .argument('<files...>', 'the files; they need not be there yet')
    .option('--seconds <number>', 'how long (default: until Ctrl-C)', toSeconds)
    .addHelpText(
      'after',
      `
Looks from outside, without opening or locking anything. What begins and ends between two looks is not seen:
what is shown happened, and what is not shown may have. To see every call: holdfast diagnose.

Example:
  holdfast watch --seconds 60 /var/cache/service/routes.php`,
    )
    .action(watch);
  return addReportOptions(command, 'print each event as a line of JSON, and the summary as the last one');
}

async function watch(files: string[], { seconds, ...flags }: WatchFlags): Promise<void> {
  // Before the file is begun, so that a signal leads to its removal.
  const interruption = listenForInterruption();
  let lines: ReportLines | undefined;
  let display: WatchDisplay | undefined;
  try {
    lines = openReportLines('watch', flags, { files });
    display = displayFor(flags.json);
    const { show } = display;
    const { append } = lines;
    const { signal } = interruption;
    // The reader of standard output may have left; the file is written all the same.
    const over = AbortSignal.any(flags.output === undefined ? [signal, display.gone] : [signal, lines.failed]);
    const onEvent = (event: WatchEvent) => {
      show(event);
      append(event);
    };
    const report = { ...(await watchFiles(files, { seconds, signal: over, onEvent })), interrupted: signal.aborted };
    display.end();
    const { schema, ...summary } = report;
    lines.append({ schema, kind: 'summary', ...summary });
    try {
      await display.summarize(report);
    } finally {
      lines.commit();
    }
    process.exitCode = interruption.exitStatus ?? (report.found ? ExitStatus.found : ExitStatus.fine);
  } finally {
    display?.end();
    lines?.abandon();
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
