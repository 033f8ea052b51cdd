export { describeEnvironment, type RaceEnvironment } from './environment.js';
export {
  RACE_ACCESSES,
  RACE_DEFAULTS,
  RACE_STRATEGIES,
  type RaceAccess,
  type RaceOptions,
  type RaceStrategy,
  type ResolvedRaceOptions,
  resolveRaceOptions,
} from './options.js';
export type {
  LifeEnd,
  RaceDeath,
  RaceLife,
  RaceProgress,
  RaceReport,
  RaceResult,
  RaceSample,
  SizesSeen,
} from './report.js';
export { raceExitStatus, type Verdict, verdictOf, verdictSentence } from './verdict.js';
