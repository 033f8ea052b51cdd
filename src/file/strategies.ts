import { flock } from './flock.js';
import { properLockfile } from './proper-lockfile.js';
import { rename } from './rename.js';
import type { Strategy, StrategyName } from './strategy.js';
import { writeFileAtomic } from './write-file-atomic.js';

export type { Strategy, StrategyName } from './strategy.js';

const STRATEGIES: Readonly<Record<StrategyName, Strategy>> = {
  flock,
  rename,
  'write-file-atomic': writeFileAtomic,
  'proper-lockfile': properLockfile,
};

export const STRATEGY_NAMES = Object.keys(STRATEGIES) as readonly StrategyName[];

export function strategyNamed(name: StrategyName): Strategy {
  return STRATEGIES[name];
}
