import { Command } from 'commander';
import { HoldfastError } from '../errors.js';
import { reportTrace, type TraceReport } from '../trace/report.js';
import { ExitStatus } from './exit-status.js';
import { print } from './print.js';
import { printableJson } from './printable.js';
import { paintFor } from './style.js';
import { traceSummary, traceTable, traceVerdicts } from './trace-table.js';

/** `holdfast trace report`. */
export function traceReportCommand(): Command {
  return new Command('report')
    .description('Tell what a trace saw: first of all the lines that read or write without the lock.')
    .argument('<directory>', 'where the trace wrote its logs')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nExit status: 0 every access had its lock or needed none; 1 some had not; 2 there is no trace, or it saw no access.',
    )
    .action(report);
}

async function report(directory: string, { json }: { json?: true }): Promise<void> {
  const report = await reportTrace(directory);
  if (report.accesses === 0) throw nothingSeen(directory, report);
  const paint = paintFor(process.stdout);
  const parts = [
    ...(report.findings.length === 0 ? [] : [traceTable(report, paint), traceVerdicts(report)]),
    traceSummary(report, paint),
  ];
  await print(json ? `${printableJson(report, 2)}\n` : `\n${parts.join('\n\n')}\n`);
  process.exitCode = report.findings.length === 0 ? ExitStatus.fine : ExitStatus.found;
}

/** Silence would read as "all is well". */
function nothingSeen(directory: string, { threads }: TraceReport): HoldfastError {
  const message = `${directory} holds logs of ${threads.length} threads, none of which accessed a watched file. Do the globs match? Paths of files are absolute, with symbolic links followed.`;
  return new HoldfastError('ERR_INVALID_ARGUMENT', message, { path: directory });
}
