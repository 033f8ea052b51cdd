import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { reportTrace, type TraceReport } from '../../src/trace/report/report.js';
import { type Ended, type Running, runProgram } from './run.js';

/** What `--import holdfast/trace` loads, as built. */
export const TRACE_ENTRY = new URL('../../dist/trace/index.js', import.meta.url).href;
/** The package, as programs outside this repository import it. */
export const HOLDFAST = new URL('../../dist/index.js', import.meta.url).href;

const require = createRequire(import.meta.url);

/** The absolute path of a package, for programs in a folder without node_modules. */
export function packagePath(name: string): string {
  return require.resolve(name);
}

/** A program of a test in a folder of its own, and the trace of its runs. */
export class TracedProgram {
  readonly script: string;
  readonly source: string;
  readonly folder: string;
  readonly traceDirectory: string;

  /** @param extension `mjs` or `cjs` */
  constructor(folder: string, source: string, extension: string) {
    this.folder = mkdtempSync(join(folder, 'program-'));
    this.source = source;
    this.script = join(this.folder, `app.${extension}`);
    this.traceDirectory = join(this.folder, 'trace');
    writeFileSync(this.script, source);
  }

  /** A file of the program. */
  path(name: string): string {
    return join(this.folder, name);
  }

  /** Starts it with the trace on `data/*` and `*.json` of its folder. */
  start(args: string[] = [], env: Record<string, string> = {}, nodeArgs: string[] = []): Running {
    return runProgram(process.execPath, ['--import', TRACE_ENTRY, ...nodeArgs, this.script, ...args], {
      HOLDFAST_TRACE: this.path('*.json'),
      HOLDFAST_TRACE_DIRECTORY: this.traceDirectory,
      ...env,
    });
  }

  /** Runs it to its end; throws where it fails. */
  async run(args: string[] = [], env: Record<string, string> = {}, nodeArgs: string[] = []): Promise<Ended> {
    const ended = await this.start(args, env, nodeArgs).ended;
    if (ended.exitCode !== 0) throw new Error(`${this.script} ended with ${ended.exitCode}: ${ended.stderr}`);
    return ended;
  }

  report(): Promise<TraceReport> {
    return reportTrace(this.traceDirectory);
  }

  /** The findings as `unlocked-reader R`: which kind, at a line with which mark. A mark is a comment `// R` at a line's end. */
  async marks(): Promise<string[]> {
    const lines = this.source.split('\n');
    const { findings } = await this.report();
    return findings
      .map(({ kind, site }) => {
        const mark = /\/\/ (\w+)$/.exec(lines[(site?.line ?? 0) - 1] ?? '')?.[1];
        const known = site?.file === this.script ? (mark ?? `line ${site.line}`) : `${site?.file}:${site?.line}`;
        return `${kind} ${known}`;
      })
      .sort();
  }
}

/** A file of test/processes as text. */
export function processSource(name: string): string {
  return readFileSync(fileURLToPath(new URL(`../processes/${name}`, import.meta.url)), 'utf8');
}
