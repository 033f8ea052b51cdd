import { setImmediate } from 'node:timers/promises';
import { ExitStatus, listenForInterruption, print } from '../process/index.js';
import { type Paint, paintFor, printableJson } from '../text/index.js';
import type { ReportFlags } from './flags.js';
import { type Inputs, type OutputPath, outputPaths } from './output-path.js';
import { ReportFile } from './report-file.js';

/** A report in its forms, and the exit status of the command when it has been delivered. */
export interface Delivery {
  readonly report: object;
  readonly text?: ((paint: Paint) => string) | undefined;
  readonly page?: () => string;
  readonly status: number;
}

/** Delivers the report of a command. */
export interface Outlet {
  deliver(delivery: Delivery): Promise<void>;
}

/**
 * Where the text for people goes. Usually to standard output, and nowhere where JSON goes there. `always`: to standard
 * error then. `aside`: to standard error in any case, since standard output belongs to a program that the command runs.
 */
export type TextPlace = 'without json' | 'always' | 'aside';

/** The command's name in files. The programs under bench/ have none. */
const MARK = 'holdfast';

/**
 * Checks, before the command does anything, that its report can be written where the flags say. Throws where it cannot.
 *
 * `deliver` then writes it to all these places and sets the exit status. Where one place fails, it writes to the
 * others, then rejects with the first error. JSON that standard output did not take as a whole is status 2.
 */
export function openOutlet(
  command: string,
  flags: ReportFlags,
  inputs: Inputs = {},
  text: TextPlace = 'without json',
): Outlet {
  const named = [flags.output, flags.html].filter((name) => name !== undefined);
  const paths = outputPaths(named, inputs, flags.force === true);
  const output = flags.output === undefined ? undefined : paths[0];
  const html = flags.html === undefined ? undefined : paths.at(-1);
  return {
    async deliver({ report, status, ...forms }) {
      const interruption = listenForInterruption();
      const failures: unknown[] = [];
      const attempt = async (step: () => unknown) => {
        try {
          await step();
        } catch (error) {
          failures.push(error);
        }
      };
      let whole = true;
      try {
        await attempt(() => tell(forms.text, flags, text, interruption.signal));
        if (flags.json) {
          const content = `${printableJson(report, 2)}\n`;
          await attempt(async () => {
            whole = await print(content, interruption.signal);
          });
        }
        const { page } = forms;
        if (output !== undefined) await attempt(() => replace(output, markedDocument(command, report)));
        if (html !== undefined && page !== undefined) await attempt(() => replace(html, page()));
        // A signal that came meanwhile is delivered in the next turn of the event loop.
        await setImmediate();
        // Output that standard output has not taken would keep the process alive.
        if (interruption.exitStatus !== undefined) process.exit(interruption.exitStatus);
      } finally {
        interruption.end();
      }
      if (failures.length > 0) throw failures[0];
      process.exitCode = whole ? status : ExitStatus.wrongUse;
    },
  };
}

async function tell(
  text: ((paint: Paint) => string) | undefined,
  { json }: ReportFlags,
  place: TextPlace,
  signal: AbortSignal,
): Promise<void> {
  if (text === undefined || (json && place === 'without json')) return;
  if (json || place === 'aside') process.stderr.write(`${text(paintFor(process.stderr))}\n`);
  else await print(`${text(paintFor(process.stdout))}\n`, signal);
}

function replace(output: OutputPath, content: string): void {
  const file = new ReportFile(output);
  file.append(content);
  file.commit();
}

/**
 * A report as the text of a file. Its first member names the command, so that a later command recognises the file as a
 * report, which it may replace.
 */
export function markedDocument(command: string, report: object): string {
  return `${printableJson({ [MARK]: command, ...report }, 2)}\n`;
}

/** {@link markedDocument} in one line. */
export function markedLine(command: string, value: object): string {
  return `${printableJson({ [MARK]: command, ...value })}\n`;
}
