export { HoldfastError, type HoldfastErrorCode } from '../errors.js';
export type { Percentiles } from './data/index.js';
export { renderRacePage } from './page/index.js';
export {
  type LifeEnd,
  RACE_ACCESSES,
  RACE_DEFAULTS,
  RACE_STRATEGIES,
  type RaceAccess,
  type RaceDeath,
  type RaceEnvironment,
  type RaceLife,
  type RaceOptions,
  type RaceProgress,
  type RaceReport,
  type RaceResult,
  type RaceSample,
  type RaceStrategy,
  type ResolvedRaceOptions,
  raceExitStatus,
  type SizesSeen,
  type Verdict,
  verdictOf,
  verdictSentence,
} from './report/index.js';
export { runRace } from './run/index.js';
