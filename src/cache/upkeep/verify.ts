import { HoldfastError } from '../../errors.js';
import { assertKnownOptions, namesOf } from '../../lock/index.js';
import { shown } from '../../os/shown.js';
import { syscalls } from '../../os/syscalls.js';
import { assertProgressOptions, type CacheCore } from '../core/index.js';
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
import { type Era, eraLeftovers } from '../era/index.js';
import { REMOVALS_PER_SECTION, recountShard } from '../eviction/index.js';
import { cachePaths, SHARDS } from '../format/index.js';
import { inPresentEra, PAUSE, runSteps, type Steps } from '../sections/index.js';
import type { ShardTotals } from '../shared/index.js';
import { idleLocks, removeIdleLock } from './idle-locks.js';
import { removeFormerEras } from './prune.js';
import { Findings, type VerifyProgress, type VerifyReport } from './verify-report.js';

export interface VerifyOptions {
  /** Removes what is damaged, orphaned or stray, and stores the totals counted. Default: only looks. */
  readonly repair?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called after each shard. */
  readonly onProgress?: ((progress: VerifyProgress) => void) | undefined;
}

type Mode = 'look' | 'repair';

const KNOWN = namesOf<VerifyOptions>({ repair: true, signal: true, onProgress: true });

/**
 * Checks every entry whole, and the totals against a count by hand. In slices; the memory and descriptors it takes do not grow with the
 * cache. An entry is called damaged only after it was read again in the exclusive section, and only there it is removed; so a
 * writer at work is never mistaken for damage. Rejects with the signal's reason.
 *
 * *Not* looked at: whether values can be decoded. Where the era ends meanwhile (`clear`), it begins again with the new one.
 */
export async function verify(core: CacheCore, options: VerifyOptions = {}): Promise<VerifyReport> {
  core.assertOpen();
  assertKnownOptions(options, KNOWN);
  const { repair = false, signal, onProgress } = options;
  if (typeof repair !== 'boolean') {
    throw new HoldfastError('ERR_INVALID_ARGUMENT', `repair must be true or false, not ${shown(repair)}.`);
  }
  assertProgressOptions(signal, onProgress);
  const mode: Mode = repair ? 'repair' : 'look';
  return inPresentEra(core, async (era) => {
    const findings = new Findings();
    const idle = idleLocks(era);
    for (let shard = 0; shard < SHARDS; shard += 1) {
      await runSteps(core, verifyShard(era, shard, mode, findings), signal);
      const { entries, bytes, found } = findings;
      onProgress?.({ shards: shard + 1, of: SHARDS, entries, bytes, found });
    }
    verifyFlights(era, idle, mode, findings);
    await verifyEras(core, mode, findings, signal);
    return findings.report();
  });
}

function* verifyShard(era: Era, shard: number, mode: Mode, findings: Findings): Steps<void> {
  yield* noticeDeadWriter(era, shard, findings);
  let others: string[] = [];
  const look = () => {
    for (const name of others) lookAtOther(era, shard, name, mode, findings);
    others = [];
  };
  for (const name of namesIn(era, shard)) {
    if (kindOfName(shard, name) === 'entry') yield* verifyEntry(era, shard, name, mode, findings);
    else others.push(name);
    if (others.length === REMOVALS_PER_SECTION) yield { era, shard, work: look };
    yield PAUSE;
  }
  if (others.length > 0) yield { era, shard, work: look };
  yield* verifyTotals(era, shard, mode, findings);
}

/** Entering repairs what a dead writer left, and marks the shard for recounting: that it was not marked before tells of him. */
function* noticeDeadWriter(era: Era, shard: number, findings: Findings): Steps<void> {
  if (era.words.busy(shard) === 0) return;
  const markedBefore = era.words.needsRecount(shard);
  yield { era, shard, work: () => {} };
  if (!markedBefore && era.words.needsRecount(shard)) {
    findings.add(era.paths.shardFolder(shard), 'dead writer', 'repaired');
  }
}

function* verifyEntry(era: Era, shard: number, name: string, mode: Mode, findings: Findings): Steps<void> {
  const path = era.paths.entry(shard, name);
  let checked = yield* checkEntry(era, shard, name);
  if (checked !== 'whole' && checked !== 'absent') {
    yield {
      era,
      shard,
      work: () => {
        checked = checkEntryNow(era, shard, name);
        if (isProblem(checked)) findings.add(path, checked, settleDamaged(era, shard, name, mode));
      },
    };
  }
  if (checked !== 'whole') return;
  findings.entries += 1;
  findings.bytes += syscalls.lstat(path)?.size ?? 0;
}

function settleDamaged(era: Era, shard: number, name: string, mode: Mode): 'repaired' | 'left' {
  if (mode === 'look') return 'left';
  removeNamed(era, shard, name);
  return 'repaired';
}

function isProblem(checked: Checked): checked is Exclude<Checked, 'whole' | 'absent'> {
  return checked !== 'whole' && checked !== 'absent';
}

/** Temporaries, and what is nothing of ours. Inside the exclusive section. */
function lookAtOther(era: Era, shard: number, name: string, mode: Mode, findings: Findings): void {
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

/** A shard that is marked for recounting is known to be wrong, and is no finding; it is counted all the same. */
function* verifyTotals(era: Era, shard: number, mode: Mode, findings: Findings): Steps<void> {
  const marked = era.words.needsRecount(shard);
  const { counted, noted } = yield* recountShard(era, shard, mode === 'repair' || marked ? 'store' : 'compare');
  if (marked || isSame(counted, noted)) return;
  findings.add(era.paths.shardFolder(shard), 'totals', mode === 'repair' ? 'repaired' : 'left');
}

function isSame(one: ShardTotals, other: ShardTotals): boolean {
  return one.entries === other.entries && one.bytes === other.bytes && one.blocks === other.blocks;
}

/** A lock that was idle at the beginning and is so still: one that is only just being made is not. */
function verifyFlights(era: Era, idleBefore: ReadonlyMap<string, number>, mode: Mode, findings: Findings): void {
  for (const [path, mark] of idleLocks(era)) {
    if (idleBefore.get(path) !== mark) continue;
    findings.add(path, 'idle lock', mode === 'repair' && removeIdleLock(path) ? 'repaired' : 'left');
  }
}

async function verifyEras(core: CacheCore, mode: Mode, findings: Findings, signal?: AbortSignal): Promise<void> {
  const found = eraLeftovers(cachePaths(core.directory));
  if (found.length > 0 && mode === 'repair') await removeFormerEras(core, signal);
  for (const { path, kind } of found) findings.add(path, kind, mode === 'repair' ? 'repaired' : 'left');
}
