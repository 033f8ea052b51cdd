import { relative } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { runTraced } from '../../trace/run/index.js';
import { printable } from '../text/index.js';
import { traceReportCommand } from './trace-report.js';

/** `holdfast trace`, with `holdfast trace report` in it. */
export function traceCommand(): Command {
  const command = new Command('trace')
    .description('Run a Node program and write down which of its lines read and write files, and with which lock.')
    .usage('[options] -- <script or command> [args...]\n       holdfast trace report [options] <directory>')
    .argument('<command...>', 'what to run, behind --: a script, or a command that starts Node')
    .option('--files <globs...>', 'which files to watch (default: the environment variable HOLDFAST_TRACE)')
    .option('--directory <directory>', 'where the logs go (default: holdfast-trace, which must be empty)', toDirectory)
    .addHelpText('after', "\nExample:\n  holdfast trace --files 'cache/*.json' -- app.js --port 80")
    .action(trace);
  command.addCommand(traceReportCommand());
  return command;
}

async function trace(command: string[], { files, directory }: { files?: string[]; directory?: string }): Promise<void> {
  const globs = files ?? (process.env['HOLDFAST_TRACE'] ?? '').split(':');
  const run = await runTraced(command, globs, directory ?? process.env['HOLDFAST_TRACE_DIRECTORY']);
  if (run.signal !== undefined) console.error(`holdfast: the program was killed by ${run.signal}`);
  const name = relative(process.cwd(), run.directory);
  console.error(`holdfast: traced; for what was seen: holdfast trace report ${printable(name || '.')}`);
  process.exitCode = run.exitStatus;
}

/** A name that begins with `-` is another option: the directory was forgotten. */
function toDirectory(text: string): string {
  if (text !== '' && !text.startsWith('-')) return text;
  throw new InvalidArgumentError('Expected a directory, whose name does not begin with "-".');
}
