import { writeFileSync } from 'node:fs';
import { Command } from 'commander';
import {
  type DiagnoseProgress,
  type DiagnoseReport,
  diagnose,
  diagnosePids,
  renderDiagnosePage,
  diagnoseCommand as runTraced,
} from '../diagnose/index.js';
import { displayCacheProgress } from './cache-progress.js';
import { describeReport } from './diagnose-text.js';
import { ExitStatus } from './exit-status.js';
import { listenForInterruption } from './interruption.js';
import { formatBytes } from './measures.js';
import { print } from './print.js';
import { printableJson } from './printable.js';
import { assertWritable, toPageFile } from './report-file.js';
import { counted, paintFor } from './style.js';
import { toWholeNumber } from './whole-number.js';

interface DiagnoseFlags {
  pid?: number[];
  json?: string;
  html?: string;
}

/** `holdfast diagnose`. */
export function diagnoseCommand(): Command {
  return new Command('diagnose')
    .description(
      'Find who truncated, who mapped and who took no lock: in strace and audit logs, in a command, in running processes.',
    )
    .usage('[options] LOG...  |  [options] -- CMD ARGS...  |  [options] --pid N...')
    .argument('[logs...]', 'strace output, or the audit log of the kernel; - for standard input')
    .option('--pid <pids...>', 'attach to these processes, until they end or Ctrl-C', (text, before: number[] = []) => [
      ...before,
      toWholeNumber(text),
    ])
    .option('--json <file>', 'write the report there; - for standard output, and nothing else on it')
    .option('--html <file>', 'write the report there as a page for a browser, which needs nothing else', toPageFile)
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
}

async function run(words: string[], { pid: pids, json, html }: DiagnoseFlags): Promise<void> {
  const { logs, command } = divide(words, process.argv);
  const asked = [logs.length > 0, command.length > 0, pids !== undefined].filter(Boolean).length;
  if (asked !== 1)
    throw new Error('Expected one of: logs to read, a command after --, or --pid. See holdfast diagnose --help.');
  if (html !== undefined) assertWritable(html);
  const interruption = listenForInterruption();
  const progress = displayCacheProgress(process.stderr);
  try {
    const { signal } = interruption;
    const onProgress = ({ bytes, totalBytes, findings }: DiagnoseProgress) => {
      if (totalBytes > 0) progress.show(bytes, totalBytes, `${formatBytes(bytes)}, ${counted(findings, 'finding')}`);
    };
    let report: DiagnoseReport;
    if (command.length > 0) report = await runTraced(command, { signal });
    else if (pids !== undefined) report = await attachTo(pids, signal);
    else report = await diagnose(logs.map(source), { signal, onProgress });
    progress.end();
    assertUnderstood(report);
    await show(report, json, command.length > 0);
    if (html !== undefined) writeFileSync(html, renderDiagnosePage(report));
    process.exitCode = report.interrupted ? (interruption.exitStatus ?? statusOf(report)) : statusOf(report);
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

/** What stands after `--` is a command; commander hands both over as one list. */
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

/** The report itself; where the command has standard output, or JSON is wanted there, the text goes to standard error. */
async function show(report: DiagnoseReport, json: string | undefined, ranCommand: boolean): Promise<void> {
  const stream = ranCommand || json === '-' ? process.stderr : process.stdout;
  const text = `${describeReport(report, paintFor(stream))}\n`;
  if (stream === process.stdout) await print(text);
  else stream.write(text);
  if (json === undefined) return;
  const content = `${printableJson(report, 2)}\n`;
  if (json === '-') await print(content);
  else writeFileSync(json, content);
}

function statusOf({ findings }: DiagnoseReport): number {
  return findings.length > 0 ? ExitStatus.found : ExitStatus.fine;
}
