import type { BenchProgress } from '../../bench/index.js';
import { counted } from '../text/index.js';
import { displayCacheProgress } from './cache-progress.js';

/** A bar on a terminal; elsewhere a line for each load, which all contenders go through. */
export function displayBenchProgress(stream: NodeJS.WriteStream): {
  show(progress: BenchProgress): void;
  end(): void;
} {
  const bar = displayCacheProgress(stream);
  let load = '';
  return {
    show(progress) {
      bar.show(progress.done, progress.of, `${progress.contender}, ${loadName(progress)}`);
      const next = loadName(progress);
      if (!stream.isTTY && next !== load) stream.write(`${progress.done} of ${progress.of}: ${next}\n`);
      load = next;
    },
    end: () => bar.end(),
  };
}

/** `8 processes, 95 % reads, 1 key`. */
export function loadName({ processes, reads, keys }: Pick<BenchProgress, 'processes' | 'reads' | 'keys'>): string {
  return `${counted(processes, 'process', 'processes')}, ${reads} % reads, ${counted(keys, 'key')}`;
}
