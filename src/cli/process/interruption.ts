import { monotonicNow } from '../../os/timers.js';
import { INTERRUPTED } from './exit-status.js';

/** npm passes on a Ctrl-C that the terminal has delivered already: two signals within this time are one. */
const SAME_KEY_MS = 300;

const SIGNALS = Object.keys(INTERRUPTED) as (keyof typeof INTERRUPTED)[];

/** Ctrl-C, SIGTERM and SIGHUP, after which a command ends in an orderly way. */
export interface Interruption {
  /** Aborts at the first signal. A second one ends the process at once. */
  readonly signal: AbortSignal;
  /** The exit status after an interruption; `undefined` before. */
  readonly exitStatus: number | undefined;
  /** Gives the signals their default effect again. */
  end(): void;
}

/** Listens to the signals until `end()`. */
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
