import { accessSync, constants, existsSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import {
  BENCH_DEFAULTS,
  type BenchReport,
  CONTENDER_NAMES,
  type ContenderName,
  QUICK_BENCH,
  runBench,
} from '../bench/index.js';
import { displayBenchProgress } from './bench-progress.js';
import { benchHeading, benchTables, benchVerdict } from './bench-table.js';
import { ExitStatus } from './exit-status.js';
import { listenForInterruption } from './interruption.js';
import { paintFor } from './style.js';

interface BenchFlags {
  only: ContenderName[];
  processes?: number[];
  reads?: number[];
  keys?: number[];
  seconds?: number;
  bytes: number;
  seed?: number;
  directory?: string;
  quick?: true;
  json?: string;
}

/** `holdfast bench`. */
export function benchCommand(): Command {
  const { processes, reads, keys, seconds, bytes } = BENCH_DEFAULTS;
  return new Command('bench')
    .description('Measure the strategies and the cache on this machine and this disk, over real processes.')
    .option('--directory <folder>', 'whose disk is measured (default: the folder for temporary files)')
    .option('--quick', 'a look in less than two minutes, not a result')
    .option('--json <file>', 'write the report there; - for standard output, and nothing else on it')
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
    .addHelpText('after', '\nExample:\n  holdfast bench --quick --directory /var/cache --json bench.json')
    .action(bench);
}

async function bench({ only: contenders, quick, json, ...given }: BenchFlags): Promise<void> {
  if (json !== undefined && json !== '-') assertWritable(json);
  const interruption = listenForInterruption();
  const progress = displayBenchProgress(process.stderr);
  try {
    const { signal } = interruption;
    const options = { contenders, ...(quick ? QUICK_BENCH : {}), ...given, signal, onProgress: progress.show };
    const report = await runBench(options);
    progress.end();
    print(report, json === '-' ? process.stderr : process.stdout);
    if (json !== undefined) save(report, json);
    process.exitCode = interruption.exitStatus ?? exitStatusOf(report);
  } finally {
    progress.end();
    interruption.end();
  }
}

function exitStatusOf({ cells }: BenchReport): number {
  return cells.some(({ empty, torn, errors }) => empty + torn + errors > 0) ? ExitStatus.found : ExitStatus.fine;
}

function print(report: BenchReport, stream: NodeJS.WriteStream): void {
  const paint = paintFor(stream);
  const parts = [paint('dim', benchHeading(report)), ...benchTables(report, paint), benchVerdict(report, paint)];
  if (report.interrupted) parts.push(paint('yellow', 'Interrupted: this is what was measured until then.'));
  stream.write(`\n${parts.join('\n\n')}\n`);
}

function save(report: BenchReport, file: string): void {
  const text = `${JSON.stringify(report, null, 2)}\n`;
  if (file === '-') process.stdout.write(text);
  else writeFileSync(file, text);
}

/** Told before the bench, not after it. */
function assertWritable(file: string): void {
  accessSync(existsSync(file) ? file : dirname(file), constants.W_OK);
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
