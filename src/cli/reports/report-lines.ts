import { printableJson } from '../text/index.js';
import type { ReportFlags } from './flags.js';
import { markedLine } from './outlet.js';
import { type Inputs, outputPaths } from './output-path.js';
import { ReportFile } from './report-file.js';

/** The file of a report that grows line by line, each line an object. Without `--output` it does nothing. */
export interface ReportLines {
  /** Never throws: on a failure `failed` is aborted, and `commit` throws. */
  append(value: object): void;
  readonly failed: AbortSignal;
  /** Gives the file its name. Throws the first error that occurred. */
  commit(): void;
  /** Leaves the file that was there before. Idempotent. Does nothing after a commit. */
  abandon(): void;
}

/** Checks that the report can be written where the flags say, and begins the file. Throws where it cannot. */
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
