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
export type { RaceDeath, RaceProgress, RaceReport, RaceResult, RaceSample } from './report.js';
export { runRace } from './run-race.js';
export { raceExitStatus, type Verdict, verdictOf, verdictSentence } from './verdict.js';
