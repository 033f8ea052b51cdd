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
} from '../../race/index.js';
import { listenForInterruption } from '../process/index.js';
import { displayProgress } from '../progress/index.js';
import { addPageOption, addReportOptions, openOutlet, type ReportFlags } from '../reports/index.js';
import type { Paint } from '../text/index.js';
import { raceHeading, raceTable, raceVerdicts } from './race-table.js';

interface RaceFlags extends ReportFlags {
  strategy: RaceStrategy[];
  readers: number;
  writers: number;
  seconds: number;
  bytes: number;
  access: RaceAccess;
  seed?: number;
  directory?: string;
}

/** `holdfast race`. */
export function raceCommand(): Command {
  const command = new Command('race')
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
    .option('--directory <folder>', 'where the files are raced over (default: the folder for temporary files)')
    .action(race);
  return addPageOption(addReportOptions(command));
}

async function race({ json, output, html, force, strategy: strategies, ...options }: RaceFlags): Promise<void> {
  const outlet = openOutlet('race', { json, output, html, force }, {}, 'always');
  const interruption = listenForInterruption();
  const progress = displayProgress(process.stderr, strategies);
  try {
    const { signal } = interruption;
    const report = await runRace({ strategies, ...options, signal, onProgress: progress.show });
    progress.end();
    await outlet.deliver({
      report,
      text: (paint) => describe(report, paint),
      page: () => renderRacePage(report),
      status: interruption.exitStatus ?? raceExitStatus(report),
    });
  } finally {
    progress.end();
    interruption.end();
  }
}

function describe(report: RaceReport, paint: Paint): string {
  const parts = [paint('dim', raceHeading(report))];
  if (report.strategies.length > 0) parts.push(raceTable(report, paint), raceVerdicts(report, paint));
  if (report.interrupted) parts.push(paint('yellow', 'Interrupted: this is what was counted until then.'));
  return `\n${parts.join('\n\n')}`;
}

function toNumber(text: string): number {
  const number = Number(text);
  if (text.trim() !== '' && Number.isFinite(number)) return number;
  throw new InvalidArgumentError('Expected a number.');
}
