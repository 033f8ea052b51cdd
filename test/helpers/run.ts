import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { onTestFinished } from 'vitest';
import { surelyFree } from './times.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A program that runs beside the test. It is killed, and waited for, when the test ends. */
export interface Running {
  readonly pid: number;
  /** Resolves with this line, or the first one like it, when it has printed it; rejects when it ends without. */
  said(line: string | RegExp): Promise<string>;
  /** The first line that it prints; rejects when it ends without. */
  firstLine(): Promise<string>;
  /** Writes a line to its standard input. */
  say(line: string): void;
  /** How it ended: exit status or signal, and what it printed. It never rejects. */
  readonly ended: Promise<Ended>;
  kill(signal?: NodeJS.Signals): void;
}

export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
}

/** A script of test/processes. */
export function run(script: string, args: string[] = [], env: Record<string, string> = {}): Running {
  const path = fileURLToPath(new URL(`../processes/${script}`, import.meta.url));
  return runProgram(process.execPath, [path, ...args], env);
}

/** A program, in the root of the repository. */
export function runProgram(program: string, args: string[], env: Record<string, string> = {}): Running {
  const subprocess = execa(program, args, { reject: false, env, cwd: ROOT });
  const ended: Promise<Ended> = subprocess.then((result) => result);
  onTestFinished(async () => {
    subprocess.kill('SIGKILL');
    await ended;
  });
  const heard: string[] = [];
  const lines = createInterface({ input: subprocess.stdout });
  lines.on('line', (line) => heard.push(line));

  return {
    pid: Number(subprocess.pid),
    ended,
    say: (line) => {
      subprocess.stdin.write(`${line}\n`);
    },
    kill: (signal = 'SIGKILL') => {
      subprocess.kill(signal);
    },
    firstLine: () =>
      surelyFree(
        new Promise<string>((resolve, reject) => {
          if (heard[0] !== undefined) resolve(heard[0]);
          lines.once('line', resolve);
          void ended.then(({ stderr }) => reject(new Error(`It ended without a line: ${stderr}`)));
        }),
      ),
    said: (line) =>
      surelyFree(
        new Promise<string>((resolve, reject) => {
          const isIt = (said: string) => (line instanceof RegExp ? line.test(said) : said === line);
          const look = () => {
            const found = heard.find(isIt);
            if (found === undefined) return;
            lines.off('line', look);
            resolve(found);
          };
          lines.on('line', look);
          look();
          void ended.then(({ stdout, stderr }) => {
            const found = stdout.split('\n').find(isIt);
            if (found !== undefined) resolve(found);
            else reject(new Error(`It ended without saying "${line}": ${stderr}`));
          });
        }),
      ),
  };
}
