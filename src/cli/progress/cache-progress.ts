import { SingleBar } from 'cli-progress';

/** A bar on a terminal, and nothing elsewhere. */
export interface CacheProgress {
  show(done: number, total: number, remark?: string): void;
  /** Restores the terminal. Idempotent. */
  end(): void;
}

export function displayCacheProgress(stream: NodeJS.WriteStream): CacheProgress {
  if (!stream.isTTY) return { show() {}, end() {} };
  const bar = new SingleBar({
    stream,
    format: '{bar} {percentage} %  {remark}',
    barsize: 24,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    clearOnComplete: true,
  });
  let begun = false;
  const end = () => {
    process.off('exit', end);
    if (begun) bar.stop();
    begun = false;
  };
  return {
    show(done, total, remark = '') {
      if (!begun) {
        process.on('exit', end);
        bar.start(total, done, { remark });
        begun = true;
      }
      bar.update(done, { remark });
    },
    end,
  };
}
