import { syscalls } from '../../os/syscalls.js';
import {
  type Checked,
  checkEntry,
  checkEntryNow,
  isLeftBehind,
  isOrphaned,
  kindOfName,
  moveAway,
  namesIn,
  removeNamed,
  removeOrphan,
  sweepSpare,
} from '../disk/index.js';
import type { Era } from '../era/index.js';
import { PAUSE, type Steps } from '../sections/index.js';
import { type CheckFindings, REMOVALS_PER_SECTION } from '../storage/index.js';

type Mode = 'report' | 'repair';

/** Checks all that lies in the folder of a shard. */
export function* checkShard(era: Era, shard: number, mode: Mode, findings: CheckFindings): Steps<void> {
  let others: string[] = [];
  const checkOthers = () => {
    for (const name of others) checkOther(era, shard, name, mode, findings);
    others = [];
  };
  for (const name of namesIn(era, shard)) {
    if (kindOfName(shard, name) === 'entry') yield* checkNamed(era, shard, name, mode, findings);
    else others.push(name);
    if (others.length === REMOVALS_PER_SECTION) yield { era, shard, work: checkOthers };
    yield PAUSE;
  }
  if (others.length > 0) yield { era, shard, work: checkOthers };
}

function* checkNamed(era: Era, shard: number, name: string, mode: Mode, findings: CheckFindings): Steps<void> {
  const path = era.paths.entry(shard, name);
  let checked = yield* checkEntry(era, shard, name);
  if (checked !== 'whole' && checked !== 'absent') {
    yield {
      era,
      shard,
      work: () => {
        checked = checkEntryNow(era, shard, name);
        if (isProblem(checked)) findings.add(path, checked, removeWhereRepairing(era, shard, name, mode));
      },
    };
  }
  if (checked !== 'whole') return;
  findings.entries += 1;
  findings.bytes += syscalls.lstat(path)?.size ?? 0;
}

function removeWhereRepairing(era: Era, shard: number, name: string, mode: Mode): 'repaired' | 'left' {
  if (mode === 'report') return 'left';
  removeNamed(era, shard, name);
  return 'repaired';
}

function isProblem(checked: Checked): checked is Exclude<Checked, 'whole' | 'absent'> {
  return checked !== 'whole' && checked !== 'absent';
}

/**
 * Checks a file that is no entry: a temporary, or one that a cache does not put there. Inside the exclusive section.
 */
function checkOther(era: Era, shard: number, name: string, mode: Mode, findings: CheckFindings): void {
  const path = era.paths.entry(shard, name);
  const kind = kindOfName(shard, name);
  if (kind === 'temporary') {
    if (!isOrphaned(path)) return;
    const repaired = mode === 'repair' && removeOrphan(era, path) !== undefined;
    findings.add(path, 'orphaned temporary', repaired ? 'repaired' : 'left');
    return;
  }
  if (kind === 'spare') {
    if (!isLeftBehind(era, shard)) return;
    if (mode === 'repair') sweepSpare(era, shard);
    findings.add(path, 'orphaned temporary', mode === 'repair' ? 'repaired' : 'left');
    return;
  }
  if (syscalls.lstat(path) === undefined) return;
  if (mode === 'repair') moveAway(era, path);
  findings.add(path, 'stray', mode === 'repair' ? 'repaired' : 'left');
}
