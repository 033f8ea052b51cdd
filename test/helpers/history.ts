import { readFileSync } from 'node:fs';

/** An operation as its process saw it, in nanoseconds of a clock common to all. */
export interface Recorded {
  readonly kind: 'read' | 'write';
  readonly key: number;
  /** Written by one write only; 0: absent, which many deletes may have written. */
  readonly value: number;
  readonly start: number;
  readonly end: number;
}

const FIELDS = 5;

/** Reads what test/processes/coherent-worker.mjs has written. */
export function readHistory(path: string): Recorded[] {
  const bytes = readFileSync(path);
  const numbers = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  return Array.from({ length: numbers.length / FIELDS }, (_, index) => {
    const [kind, key = 0, value = 0, start = 0, end = 0] = numbers.subarray(index * FIELDS, (index + 1) * FIELDS);
    return { kind: kind === 1 ? 'write' : 'read', key, value, start, end };
  });
}

/**
 * Reads that no order of the operations explains: what they gave had been replaced before they began, by a write that had completed, or
 * by one that a finished read had seen; or nobody had begun to write it.
 */
export function staleReads(history: readonly Recorded[]): Recorded[] {
  const stale: Recorded[] = [];
  for (const operations of byKey(history).values()) stale.push(...staleReadsOfKey(operations));
  return stale;
}

function byKey(history: readonly Recorded[]): Map<number, Recorded[]> {
  const keys = new Map<number, Recorded[]>();
  for (const operation of history) {
    const list = keys.get(operation.key);
    if (list === undefined) keys.set(operation.key, [operation]);
    else list.push(operation);
  }
  return keys;
}

function staleReadsOfKey(operations: readonly Recorded[]): Recorded[] {
  const writes = operations.filter(({ kind }) => kind === 'write');
  const writeOf = new Map(writes.filter(({ value }) => value !== 0).map((write) => [write.value, write]));
  const deletes = latestEnds(writes.filter(({ value }) => value === 0));
  const known = knownStarts(operations, writeOf);
  return operations.filter((read) => {
    if (read.kind === 'write') return false;
    const write = writeOf.get(read.value);
    if (read.value !== 0 && (write === undefined || write.start > read.end)) return true;
    const end = write?.end ?? deletes(read.end);
    return known(read.start) > end;
  });
}

/** For a time: the latest start of a write that was known before it, to its own process or to one that had read its value. */
function knownStarts(
  operations: readonly Recorded[],
  writeOf: ReadonlyMap<number, Recorded>,
): (time: number) => number {
  const known = operations.flatMap(({ kind, value, start, end }): [number, number][] => {
    if (kind === 'write') return [[end, start]];
    const write = writeOf.get(value);
    return write === undefined ? [] : [[end, write.start]];
  });
  return runningMaximum(known, 'before');
}

/** For a time: the latest end of a delete that had begun by then. */
function latestEnds(deletes: readonly Recorded[]): (time: number) => number {
  return runningMaximum(
    deletes.map(({ start, end }): [number, number] => [start, end]),
    'until',
  );
}

function runningMaximum(pairs: [time: number, value: number][], bound: 'before' | 'until'): (time: number) => number {
  pairs.sort(([a], [b]) => a - b);
  const maxima: number[] = [];
  for (const [, value] of pairs) maxima.push(Math.max(value, maxima.at(-1) ?? -Infinity));
  return (time) => {
    let [low, high] = [0, pairs.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const at = pairs[middle]?.[0] ?? Infinity;
      if (at < time || (bound === 'until' && at === time)) low = middle + 1;
      else high = middle;
    }
    return maxima[low - 1] ?? -Infinity;
  };
}
