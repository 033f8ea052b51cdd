import { printableJson } from '../text/index.js';
import type { ReportFlags } from './flags.js';
import { markedLine } from './outlet.js';
import { type Inputs, outputPaths } from './output-path.js';
import { ReportFile } from './report-file.js';

/** The file of a report that grows line by line, each an object; without `--output` nothing at all. */
export interface ReportLines {
  /** Never throws: `failed` aborts, and `commit` throws. */
  append(value: object): void;
  readonly failed: AbortSignal;
  /** Puts the file under its name. Throws what went wrong with it at any time. */
  commit(): void;
  /** Leaves what stood there. Idempotent, and nothing after a commit. */
  abandon(): void;
}

/** Sees that the report of a command can go where the flags say, and begins the file. Throws why not. */
export function openReportLines(command: string, flags: ReportFlags, inputs: Inputs): ReportLines {
  const named = flags.output === undefined ? [] : [flags.output];
  const [output] = outputPaths(named, inputs, flags.force === true);
  const file = output === undefined ? undefined : new ReportFile(output);
  const failing = new AbortController();
  let failure: { error: unknown } | undefined;
  let lines = 0;
  return {
    failed: failing.signal,
    append(value) {
      if (file === undefined || failure !== undefined) return;
      lines += 1;
      try {
        file.append(lines === 1 ? markedLine(command, value) : `${printableJson(value)}\n`);
      } catch (error) {
        failure = { error };
        failing.abort();
      }
    },
    commit() {
      if (failure !== undefined) throw failure.error;
      if (file === undefined) return;
      if (lines === 0) file.append(markedLine(command, {}));
      file.commit();
    },
    abandon: () => file?.abandon(),
  };
}
