import { fileURLToPath } from 'node:url';
import { type Running, runProgram } from './run.js';

export const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** The command `holdfast`, as built. */
export function holdfast(args: string[], env: Record<string, string> = {}): Running {
  return runProgram(process.execPath, [MAIN, ...args], env);
}
