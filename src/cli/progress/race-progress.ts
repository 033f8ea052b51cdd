import { MultiBar, type SingleBar } from 'cli-progress';
import type { RaceProgress, RaceStrategy } from '../../race/index.js';
import { formatCount } from '../text/index.js';

/** Shows the progress of a race. */
export interface ProgressDisplay {
  show(progress: RaceProgress): void;
  /** Ends the display, and restores the terminal. Idempotent. */
  end(): void;
}

/**
 * On a terminal a line with a bar for each strategy; elsewhere a plain line each second, and ten in all for a long
 * race.
 */
export function displayProgress(stream: NodeJS.WriteStream, strategies: readonly RaceStrategy[]): ProgressDisplay {
  return stream.isTTY ? displayBars(stream, strategies) : displayLines(stream);
}

function displayBars(stream: NodeJS.WriteStream, strategies: readonly RaceStrategy[]): ProgressDisplay {
  const bars = new MultiBar({
    stream,
    format: '{name} {bar} {seconds} s  {reads} reads  {writes} writes  {deaths} dead',
    barsize: 16,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
  });
  const barOf = new Map<RaceStrategy, SingleBar>();
  const begin = () => {
    process.on('exit', end);
    const width = Math.max(...strategies.map((name) => name.length));
    const nothing = { seconds: '0.0', reads: '0', writes: '0', deaths: '0' };
    for (const name of strategies) barOf.set(name, bars.create(1, 0, { name: name.padEnd(width), ...nothing }));
  };
  const end = () => {
    process.off('exit', end);
    if (barOf.size > 0) bars.stop();
    barOf.clear();
  };
  return {
    show({ strategy, atMs, totalMs, reads, writes, sigbus }) {
      if (barOf.size === 0) begin();
      const bar = barOf.get(strategy);
      bar?.setTotal(totalMs);
      bar?.update(Math.min(atMs, totalMs), {
        seconds: inSeconds(atMs),
        reads: formatCount(reads),
        writes: formatCount(writes),
        deaths: formatCount(sigbus),
      });
    },
    end,
  };
}

function displayLines(stream: NodeJS.WriteStream): ProgressDisplay {
  let current: RaceStrategy | undefined;
  let nextMs = 0;
  return {
    show({ strategy, atMs, totalMs, reads, writes, sigbus, empty, torn }) {
      const everyMs = Math.min(totalMs, Math.max(1_000, totalMs / 10));
      if (strategy !== current) nextMs = everyMs;
      current = strategy;
      if (atMs < nextMs) return;
      nextMs = (Math.floor(atMs / everyMs) + 1) * everyMs;
      stream.write(
        `${strategy}: ${inSeconds(atMs)} of ${inSeconds(totalMs)} s, ${formatCount(reads)} reads, ${formatCount(writes)} writes, ` +
          `${formatCount(sigbus)} dead, ${formatCount(empty)} empty, ${formatCount(torn)} torn\n`,
      );
    },
    end() {},
  };
}

function inSeconds(milliseconds: number): string {
  return (milliseconds / 1_000).toFixed(1);
}
