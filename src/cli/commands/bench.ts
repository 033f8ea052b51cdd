import { Command, InvalidArgumentError, Option } from 'commander';
import {
  BENCH_DEFAULTS,
  type BenchReport,
  CONTENDER_NAMES,
  type ContenderName,
  QUICK_BENCH,
  runBench,
} from '../../bench/index.js';
import { ExitStatus, listenForInterruption } from '../process/index.js';
import { displayBenchProgress } from '../progress/index.js';
import { addReportOptions, openOutlet, type ReportFlags } from '../reports/index.js';
import type { Paint } from '../text/index.js';
import { benchHeading, benchTables, benchVerdict } from './bench-table.js';

interface BenchFlags extends ReportFlags {
  only: ContenderName[];
  processes?: number[];
  reads?: number[];
  keys?: number[];
  seconds?: number;
  bytes: number;
  seed?: number;
  directory?: string;
  quick?: true;
}

/** `holdfast bench`. */
export function benchCommand(): Command {
  const { processes, reads, keys, seconds, bytes } = BENCH_DEFAULTS;
  const command = new Command('bench')
    .description('Measure the strategies and the cache on this machine and this disk, over real processes.')
    .option('--directory <folder>', 'whose disk is measured (default: the folder for temporary files)')
    .option('--quick', 'a look in less than two minutes, not a result')
    .addOption(
      new Option('--only <names>', 'who is measured, with commas between them')
        .argParser((text) => text.split(',').map((name) => name.trim()))
        .default(CONTENDER_NAMES, CONTENDER_NAMES.join(',')),
    )
    .option('--processes <numbers>', `how many work at a time (default: ${processes})`, toNumbers)
    .option('--reads <numbers>', `per cent of the operations that read (default: ${reads})`, toNumbers)
    .option('--keys <numbers>', `how many keys there are (default: ${keys})`, toNumbers)
    .option('--seconds <number>', `how long each combination is measured (default: ${seconds})`, toNumber)
    .option('--bytes <number>', 'length of a value', toNumber, bytes)
    .option('--seed <number>', 'fixes values and keys, not the interleaving (default: random)', toNumber)
    .addHelpText('after', '\nExample:\n  holdfast bench --quick --directory /var/cache --output bench.json')
    .action(bench);
  return addReportOptions(command);
}

async function bench({ only: contenders, quick, json, output, force, ...given }: BenchFlags): Promise<void> {
  const outlet = openOutlet('bench', { json, output, force }, {}, 'always');
  const interruption = listenForInterruption();
  const progress = displayBenchProgress(process.stderr);
  try {
    const { signal } = interruption;
    const options = { contenders, ...(quick ? QUICK_BENCH : {}), ...given, signal, onProgress: progress.show };
    const report = await runBench(options);
    progress.end();
    const status = interruption.exitStatus ?? exitStatusOf(report);
    await outlet.deliver({ report, text: (paint) => describe(report, paint), status });
  } finally {
    progress.end();
    interruption.end();
  }
}

function exitStatusOf({ cells }: BenchReport): number {
  return cells.some(({ empty, torn, errors }) => empty + torn + errors > 0) ? ExitStatus.found : ExitStatus.fine;
}

function describe(report: BenchReport, paint: Paint): string {
  const parts = [paint('dim', benchHeading(report)), ...benchTables(report, paint), benchVerdict(report, paint)];
  if (report.interrupted) parts.push(paint('yellow', 'Interrupted: this is what was measured until then.'));
  return `\n${parts.join('\n\n')}`;
}

function toNumber(text: string): number {
  const number = Number(text);
  if (text.trim() !== '' && Number.isFinite(number)) return number;
  throw new InvalidArgumentError('Expected a number.');
}

function toNumbers(text: string): number[] {
  return text.split(',').map((part) => {
    const number = Number(part);
    if (part.trim() !== '' && Number.isFinite(number)) return number;
    throw new InvalidArgumentError('Expected numbers with commas between them.');
  });
}
