import { afterEach } from 'vitest';

/** Codes of the warnings that a file of tests brings about on purpose. */
const meant = new Set<string>();
/** Warnings of this package that came since the last test. */
const told: string[] = [];

/** To be called at the top of a file whose tests bring these warnings about: they are not printed. */
export function warningsAreMeant(...codes: string[]): void {
  for (const code of codes) meant.add(code);
}

interface OwnWarning extends Error {
  readonly code: string;
}

function isOwn(warning: Error & { code?: string }): warning is OwnWarning {
  return warning.code?.startsWith('HOLDFAST_') === true;
}

/** The listeners that were there first: Node's own, which prints. They are put aside once in a process. */
const PRINTERS = Symbol.for('holdfast.test.printers');
type Printer = (warning: Error) => void;
const shared = globalThis as { [PRINTERS]?: readonly Printer[] };

/** Lets a test fail in which this package warned, unless its file says that this is meant. For the setup of every file. */
export function failAtWarnings(): void {
  meant.clear();
  told.length = 0;
  shared[PRINTERS] ??= process.listeners('warning');
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    if (!isOwn(warning)) for (const print of shared[PRINTERS] ?? []) print(warning);
    else if (!meant.has(warning.code)) told.push(`${warning.code}: ${warning.message}`);
  });
  afterEach(() => {
    const unexpected = told.splice(0);
    if (unexpected.length > 0) throw new Error(`Not meant (test/helpers/warnings.ts): ${unexpected.join('; ')}`);
  });
}
