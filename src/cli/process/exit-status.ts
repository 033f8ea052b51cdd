/** The exit statuses of all commands. */
export const ExitStatus = {
  fine: 0,
  found: 1,
  /** Also: this machine cannot do what was asked for, or the report could not be written. */
  wrongUse: 2,
  inconclusive: 3,
} as const;

/** The exit status of a command that a signal interrupted: 128 plus the number of the signal, as in a shell. */
export const INTERRUPTED = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

export const EXIT_STATUS_HELP = `Exit status: 0 fine; 1 something was found; 2 wrong use, it cannot be done here, or
the report could not be written; 3 inconclusive; 130 interrupted.`;
