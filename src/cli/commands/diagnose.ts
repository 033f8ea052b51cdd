import { Command } from 'commander';
import {
  type DiagnoseProgress,
  type DiagnoseReport,
  diagnose,
  diagnosePids,
  renderDiagnosePage,
  diagnoseCommand as runTraced,
} from '../../diagnose/index.js';
import { ExitStatus, listenForInterruption } from '../process/index.js';
import { displayCacheProgress } from '../progress/index.js';
import { addPageOption, addReportOptions, openOutlet, type ReportFlags } from '../reports/index.js';
import { counted, formatBytes } from '../text/index.js';
import { describeReport } from './diagnose-text.js';
import { toWholeNumber } from './whole-number.js';

interface DiagnoseFlags extends ReportFlags {
  pid?: number[];
}

/** `holdfast diagnose`. */
export function diagnoseCommand(): Command {
  const command = new Command('diagnose')
    .description(
      'Find who truncated, who mapped and who took no lock: in strace and audit logs, in a command, in running processes.',
    )
    .usage('[options] LOG...  |  [options] -- CMD ARGS...  |  [options] --pid N...')
    .argument('[logs...]', 'strace output, or the audit log of the kernel; - for standard input')
    .option('--pid <pids...>', 'attach to these processes, until they end or Ctrl-C', (text, before: number[] = []) => [
      ...before,
      toWholeNumber(text),
    ])
    .addHelpText(
      'after',
      `
Examples:
  strace -f -ttt -y -o trace.log CMD; holdfast diagnose trace.log
  strace -ff -ttt -y -o trace CMD; holdfast diagnose trace.*
  holdfast diagnose -- php -S localhost:8000
  holdfast diagnose --pid 4242 4243
  ausearch -k cache --raw | holdfast diagnose -`,
    )
    .action(run);
  return addPageOption(addReportOptions(command));
}

async function run(words: string[], { pid: pids, ...flags }: DiagnoseFlags): Promise<void> {
  const { logs, command } = divide(words, process.argv);
  const asked = [logs.length > 0, command.length > 0, pids !== undefined].filter(Boolean).length;
  if (asked !== 1)
    throw new Error('Expected one of: logs to read, a command after --, or --pid. See holdfast diagnose --help.');
  // The file that a command gets as standard input is an input too.
  const outlet = openOutlet('diagnose', flags, { files: words }, command.length > 0 ? 'aside' : 'always');
  const interruption = listenForInterruption();
  const progress = displayCacheProgress(process.stderr);
  try {
    const { signal } = interruption;
    const onProgress = ({ bytes, totalBytes, findings }: DiagnoseProgress) => {
      if (totalBytes > 0) progress.show(bytes, totalBytes, `${formatBytes(bytes)}, ${counted(findings, 'finding')}`);
    };
    let report: DiagnoseReport;
    if (command.length > 0) report = await runTraced(command, { signal, output: flags.json ? 'stderr' : 'stdout' });
    else if (pids !== undefined) report = await attachTo(pids, signal);
    else report = await diagnose(logs.map(source), { signal, onProgress });
    progress.end();
    assertUnderstood(report);
    await outlet.deliver({
      report,
      text: (paint) => describeReport(report, paint),
      page: () => renderDiagnosePage(report),
      status: report.interrupted ? (interruption.exitStatus ?? statusOf(report)) : statusOf(report),
    });
  } finally {
    progress.end();
    interruption.end();
  }
}

async function attachTo(pids: readonly number[], signal: AbortSignal): Promise<DiagnoseReport> {
  if (process.stderr.isTTY)
    process.stderr.write(`Tracing ${counted(pids.length, 'process', 'processes')}; Ctrl-C ends it.\n`);
  return diagnosePids(pids, { signal });
}

/** The arguments after `--` are a command. Commander gives both parts as one list. */
function divide(words: readonly string[], argv: readonly string[]): { logs: string[]; command: string[] } {
  const dashes = argv.indexOf('--');
  const count = dashes === -1 ? 0 : argv.length - dashes - 1;
  return { logs: words.slice(0, words.length - count), command: words.slice(words.length - count) };
}

function source(log: string) {
  return log === '-' ? { name: 'standard input', chunks: process.stdin } : log;
}

function assertUnderstood({ logs, interrupted }: DiagnoseReport): void {
  const [strange] = logs.filter(({ format }) => format === 'unknown');
  if (strange === undefined || interrupted) return;
  throw new Error(
    `${strange.name} is neither the output of strace nor an audit log: none of its ${counted(strange.lines, 'line')} could be understood.`,
  );
}

function statusOf({ findings }: DiagnoseReport): number {
  return findings.length > 0 ? ExitStatus.found : ExitStatus.fine;
}
