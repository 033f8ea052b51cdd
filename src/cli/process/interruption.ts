import { monotonicNow } from '../../os/timers.js';
import { INTERRUPTED } from './exit-status.js';

/** npm hands a Ctrl-C on that the terminal has delivered already: two signals in so short a time are one. */
const SAME_KEY_MS = 300;

const SIGNALS = Object.keys(INTERRUPTED) as (keyof typeof INTERRUPTED)[];

/** Ctrl-C, SIGTERM and SIGHUP as something that a command ends by in its own time. */
export interface Interruption {
  /** Aborts at the first signal. A second one ends the process at once. */
  readonly signal: AbortSignal;
  /** What the command ends with when it was interrupted; `undefined` as long as it was not. */
  readonly exitStatus: number | undefined;
  /** Leaves the signals to their defaults again. */
  end(): void;
}

/** Listens to the signals, from now to `end()`. */
export function listenForInterruption(): Interruption {
  const controller = new AbortController();
  let exitStatus: number | undefined;
  let since = 0;
  const interrupt = (name: NodeJS.Signals) => {
    const status = INTERRUPTED[name as keyof typeof INTERRUPTED];
    if (exitStatus === undefined) {
      exitStatus = status;
      since = monotonicNow();
      controller.abort();
    } else if (monotonicNow() - since > SAME_KEY_MS) {
      process.exit(status);
    }
  };
  for (const name of SIGNALS) process.on(name, interrupt);
  return {
    signal: controller.signal,
    get exitStatus() {
      return exitStatus;
    },
    end() {
      for (const name of SIGNALS) process.off(name, interrupt);
    },
  };
}
