export { HoldfastError, type HoldfastErrorCode } from '../errors.js';
export type { RaceEnvironment } from './environment.js';
export type { Percentiles } from './latency.js';
export {
  RACE_ACCESSES,
  RACE_DEFAULTS,
  RACE_STRATEGIES,
  type RaceAccess,
  type RaceOptions,
  type RaceStrategy,
  type ResolvedRaceOptions,
} from './options.js';
export { renderRacePage } from './page.js';
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
export { runRace } from './run-race.js';
export { raceExitStatus, type Verdict, verdictOf, verdictSentence } from './verdict.js';
