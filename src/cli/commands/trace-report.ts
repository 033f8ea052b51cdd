import { Command } from 'commander';
import { HoldfastError } from '../../errors.js';
import { reportTrace, type TraceReport } from '../../trace/report/index.js';
import { ExitStatus } from '../process/index.js';
import { addReportOptions, openOutlet, type ReportFlags } from '../reports/index.js';
import type { Paint } from '../text/index.js';
import { traceSummary, traceTable, traceVerdicts } from './trace-table.js';

/** `holdfast trace report`. */
export function traceReportCommand(): Command {
  const command = new Command('report')
    .description('Tell what a trace saw: first of all the lines that read or write without the lock.')
    .argument('<directory>', 'where the trace wrote its logs')
    .addHelpText(
      'after',
      '\nExit status: 0 every access had its lock or needed none; 1 some had not; 2 there is no trace, or it saw no access.',
    )
    .action(report);
  return addReportOptions(command);
}

async function report(directory: string, flags: ReportFlags): Promise<void> {
  const outlet = openOutlet('trace report', flags, { folders: [directory] });
  const report = await reportTrace(directory);
  if (report.accesses === 0) throw nothingSeen(directory, report);
  const status = report.findings.length === 0 ? ExitStatus.fine : ExitStatus.found;
  await outlet.deliver({ report, text: (paint) => describe(report, paint), status });
}

function describe(report: TraceReport, paint: Paint): string {
  const found = report.findings.length === 0 ? [] : [traceTable(report, paint), traceVerdicts(report)];
  return `\n${[...found, traceSummary(report, paint)].join('\n\n')}`;
}

/** The error where the logs show no access: an empty report would read as "all is well". */
function nothingSeen(directory: string, { threads }: TraceReport): HoldfastError {
  const message = `${directory} holds logs of ${threads.length} threads, none of which accessed a watched file. Do the globs match? Paths of files are absolute, with symbolic links followed.`;
  return new HoldfastError('ERR_INVALID_ARGUMENT', message, { path: directory });
}
