import { type Command, InvalidArgumentError } from 'commander';

/** The options of every command that makes a report. */
export interface ReportFlags {
  json?: true | undefined;
  output?: string | undefined;
  force?: true | undefined;
  /** Only for commands that can make a page. */
  html?: string | undefined;
}

/**
 * Gives a command `--json`, `--output` and `--force`, which mean the same everywhere. `json` describes what this
 * command prints.
 */
export function addReportOptions(command: Command, json = 'print the report as JSON, and nothing else'): Command {
  return command
    .option('--json', `${json}, on standard output`)
    .option('--output <file>', 'write the report as JSON into a file, in one step', toReportPath)
    .option('--force', 'replace a file that is no report of holdfast');
}

/** Gives a command `--html` too. */
export function addPageOption(command: Command): Command {
  return command.option(
    '--html <file>',
    'write the report into a file as a page for a browser, which needs nothing else',
    toReportPath,
  );
}

/** A name that begins with `-` is another option: the file was forgotten. */
function toReportPath(text: string): string {
  if (text !== '' && !text.startsWith('-')) return text;
  throw new InvalidArgumentError('Expected a file, whose name does not begin with "-". Standard output is --json.');
}
