import { writeFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import {
  RACE_ACCESSES,
  RACE_DEFAULTS,
  RACE_STRATEGIES,
  type RaceAccess,
  type RaceReport,
  type RaceStrategy,
  raceExitStatus,
  renderRacePage,
  runRace,
} from '../race/index.js';
import { listenForInterruption } from './interruption.js';
import { displayProgress } from './race-progress.js';
import { raceHeading, raceTable, raceVerdicts } from './race-table.js';
import { assertWritable, toPageFile } from './report-file.js';
import { paintFor } from './style.js';

interface RaceFlags {
  strategy: RaceStrategy[];
  readers: number;
  writers: number;
  seconds: number;
  bytes: number;
  access: RaceAccess;
  seed?: number;
  json?: string;
  html?: string;
  directory?: string;
}

/** `holdfast race`. */
export function raceCommand(): Command {
  return new Command('race')
    .description('Race readers against writers, each a process of its own: who dies, what is torn, what is lost.')
    .addOption(
      new Option('--strategy <names>', 'which strategies, with commas between them')
        .argParser((text) => text.split(',').map((name) => name.trim()))
        .default(RACE_STRATEGIES, RACE_STRATEGIES.join(',')),
    )
    .option('--readers <number>', 'processes that read', toNumber, RACE_DEFAULTS.readers)
    .option('--writers <number>', 'processes that write', toNumber, RACE_DEFAULTS.writers)
    .option('--seconds <number>', 'how long each strategy runs', toNumber, RACE_DEFAULTS.seconds)
    .option('--bytes <number>', 'length of what is written', toNumber, RACE_DEFAULTS.bytes)
    .addOption(new Option('--access <how>', 'how readers read').choices(RACE_ACCESSES).default(RACE_DEFAULTS.access))
    .option('--seed <number>', 'fixes payloads and schedules, not the interleaving (default: random)', toNumber)
    .option('--json <file>', 'write the report there; - for standard output, and nothing else on it')
    .option('--html <file>', 'write the report there as a page for a browser, which needs nothing else', toPageFile)
    .option('--directory <folder>', 'where the files are raced over (default: the folder for temporary files)')
    .action(race);
}

async function race({ json, html, strategy: strategies, ...options }: RaceFlags): Promise<void> {
  if (json !== undefined && json !== '-') assertWritable(json);
  if (html !== undefined) assertWritable(html);
  const interruption = listenForInterruption();
  const progress = displayProgress(process.stderr, strategies);
  try {
    const { signal } = interruption;
    const report = await runRace({ strategies, ...options, signal, onProgress: progress.show });
    progress.end();
    print(report, json === '-' ? process.stderr : process.stdout);
    if (json !== undefined) save(report, json);
    if (html !== undefined) writeFileSync(html, renderRacePage(report));
    process.exitCode = interruption.exitStatus ?? raceExitStatus(report);
  } finally {
    progress.end();
    interruption.end();
  }
}

function print(report: RaceReport, stream: NodeJS.WriteStream): void {
  const paint = paintFor(stream);
  const parts = [paint('dim', raceHeading(report))];
  if (report.strategies.length > 0) parts.push(raceTable(report, paint), raceVerdicts(report, paint));
  if (report.interrupted) parts.push(paint('yellow', 'Interrupted: this is what was counted until then.'));
  stream.write(`\n${parts.join('\n\n')}\n`);
}

function save(report: RaceReport, file: string): void {
  const text = `${JSON.stringify(report, null, 2)}\n`;
  if (file === '-') process.stdout.write(text);
  else writeFileSync(file, text);
}

function toNumber(text: string): number {
  const number = Number(text);
  if (text.trim() !== '' && Number.isFinite(number)) return number;
  throw new InvalidArgumentError('Expected a number.');
}
