import { invalidArgument } from '../../errors.js';
import { assertKnownOptions, namesOf } from '../../lock/index.js';
import { shown } from '../../os/shown.js';
import { assertProgressOptions, type CacheCore } from '../core/index.js';
import { type Era, eraLeftovers } from '../era/index.js';
import { cachePaths, SHARDS } from '../format/index.js';
import { inPresentEra, runSteps, type Steps } from '../sections/index.js';
import type { ShardTotals } from '../shared/index.js';
import type { ShardUpkeep, Storage } from '../storage/index.js';
import { idleLocks, removeIdleLock } from './idle-locks.js';
import { removeFormerEras } from './prune.js';
import { Findings, type VerifyProgress, type VerifyReport } from './verify-report.js';

export interface VerifyOptions {
  /** Removes what is damaged, orphaned or stray, and corrects the totals. Default: only reports. */
  readonly repair?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called after each shard. */
  readonly onProgress?: ((progress: VerifyProgress) => void) | undefined;
}

type Mode = 'report' | 'repair';

const KNOWN = namesOf<VerifyOptions>({ repair: true, signal: true, onProgress: true });

/**
 * Checks all bytes of every entry, and the totals against a recount. It works in slices, and its memory and descriptors
 * do not grow with the cache. An entry is damaged only if a second read in the exclusive section says so, and it is
 * removed only there. So a writer at work is never mistaken for damage. Rejects with the signal's reason.
 *
 * *Not* checked: whether values can be decoded. If the era ends meanwhile (`clear`), it begins again with the new one.
 */
export async function verify(core: CacheCore, options: VerifyOptions = {}): Promise<VerifyReport> {
  core.assertOpen();
  assertKnownOptions(options, KNOWN);
  const { repair = false, signal, onProgress } = options;
  if (typeof repair !== 'boolean') {
    throw invalidArgument(`repair must be true or false, not ${shown(repair)}.`);
  }
  assertProgressOptions(signal, onProgress);
  const mode: Mode = repair ? 'repair' : 'report';
  return inPresentEra(core, async (era) => {
    const findings = new Findings();
    const idle = idleLocks(era);
    for (let shard = 0; shard < SHARDS; shard += 1) {
      await runSteps(core, verifyShard(core.storage, era, shard, mode, findings), signal);
      const { entries, bytes, found } = findings;
      onProgress?.({ shards: shard + 1, of: SHARDS, entries, bytes, found });
    }
    verifyFlights(era, idle, mode, findings);
    await verifyEras(core, mode, findings, signal);
    return findings.report();
  });
}

function* verifyShard({ upkeep }: Storage, era: Era, shard: number, mode: Mode, findings: Findings): Steps<void> {
  yield* noticeDeadWriter(era, shard, findings);
  yield* upkeep.check(era, shard, mode, findings);
  yield* verifyTotals(upkeep, era, shard, mode, findings);
}

/**
 * Notices a writer that has died in the shard. To enter the section repairs what it left, and marks the shard for a
 * recount. If the shard was not marked before, the writer is a new finding.
 */
function* noticeDeadWriter(era: Era, shard: number, findings: Findings): Steps<void> {
  if (era.words.busy(shard) === 0) return;
  const markedBefore = era.words.needsRecount(shard);
  yield { era, shard, work: () => {} };
  if (!markedBefore && era.words.needsRecount(shard)) {
    findings.add(era.paths.shardFolder(shard), 'dead writer', 'repaired');
  }
}

/**
 * A shard that is marked for a recount is no finding, since its totals are known to be wrong. It is counted all the
 * same.
 */
function* verifyTotals(upkeep: ShardUpkeep, era: Era, shard: number, mode: Mode, findings: Findings): Steps<void> {
  const marked = era.words.needsRecount(shard);
  const { counted, noted } = yield* upkeep.recount(era, shard, mode === 'repair' || marked ? 'store' : 'compare');
  if (marked || isSame(counted, noted)) return;
  findings.add(era.paths.shardFolder(shard), 'totals', mode === 'repair' ? 'repaired' : 'left');
}

function isSame(one: ShardTotals, other: ShardTotals): boolean {
  return one.entries === other.entries && one.bytes === other.bytes && one.blocks === other.blocks;
}

/**
 * A lock file is idle if it had no holder at the beginning and has none now. One that is just being made is not idle.
 */
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
