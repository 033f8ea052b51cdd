import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';

/** Runs a program under strace, with these options, until it ends. Gives what strace wrote to standard error. */
export async function strace(options: readonly string[], argv: readonly string[]): Promise<string> {
  const child = spawn('strace', [...options, ...argv], { stdio: ['ignore', 'ignore', 'pipe'] });
  const chunks: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(child, 'close');
  return Buffer.concat(chunks).toString('latin1');
}

/** The path of the Python interpreter: what is called `python3` may be a script that looks for it, with forty processes of its own. */
export function pythonItself(): string {
  return execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim();
}
