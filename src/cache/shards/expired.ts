import { kindOfName, namesIn, readHeader, removeNamed } from '../disk/index.js';
import type { Era } from '../era/index.js';
import { PAUSE, type Steps } from '../sections/index.js';
import { noteExpiry } from '../shared/index.js';
import { HEADERS_PER_STEP, REMOVALS_PER_SECTION, type Removed } from '../storage/index.js';

/**
 * Removes the entries of a shard that can no longer be given out, not even as stale ones. The search takes no lock. In
 * the exclusive section the header is read again, and only what it says there counts. Damaged entries stay, for
 * `verify`.
 */
export function* removeExpired(era: Era, shard: number, nowMs: number, removed: Removed): Steps<void> {
  // From here on writers note their expiry again. That of the entries that stay is noted at the end.
  yield { era, shard, work: () => era.words.setNextExpiry(shard, 0) };
  let finished = false;
  try {
    yield* sweep(era, shard, nowMs, removed);
    finished = true;
  } finally {
    // After an abort the shard may still hold expired entries. This takes no lock: no writer can note an earlier time.
    if (!finished) noteExpiry(era, shard, nowMs);
  }
}

function* sweep(era: Era, shard: number, nowMs: number, removed: Removed): Steps<void> {
  let earliest = Number.POSITIVE_INFINITY;
  let candidates: string[] = [];
  let seen = 0;
  const remove = () => {
    for (const name of candidates) removeIfExpired(era, shard, name, nowMs, removed);
    candidates = [];
  };
  for (const name of namesIn(era, shard)) {
    if (kindOfName(shard, name) !== 'entry') continue;
    const found = readHeader(era, shard, name);
    if (found.kind === 'header') {
      if (found.header.staleUntil <= nowMs) candidates.push(name);
      else earliest = Math.min(earliest, found.header.staleUntil);
    }
    if (candidates.length === REMOVALS_PER_SECTION) yield { era, shard, work: remove };
    seen += 1;
    if (seen % HEADERS_PER_STEP === 0) yield PAUSE;
  }
  yield {
    era,
    shard,
    work: () => {
      remove();
      noteExpiry(era, shard, earliest);
    },
  };
}

function removeIfExpired(era: Era, shard: number, name: string, nowMs: number, removed: Removed): void {
  const found = readHeader(era, shard, name);
  if (found.kind !== 'header') return;
  if (found.header.staleUntil > nowMs) {
    noteExpiry(era, shard, found.header.staleUntil);
    return;
  }
  const bytes = removeNamed(era, shard, name);
  if (bytes === undefined) return;
  removed.entries += 1;
  removed.bytes += bytes;
}
