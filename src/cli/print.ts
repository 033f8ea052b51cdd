import { once } from 'node:events';

/** Writes to standard output, waiting for a reader that is slow. False once there is none any more (`holdfast ls DIR | head`). */
export async function print(content: string | Buffer): Promise<boolean> {
  const { stdout } = process;
  if (stdout.destroyed) return false;
  if (!stdout.write(content)) {
    const giveUp = new AbortController();
    const { signal } = giveUp;
    // What ends the waiting, an error too, shows in `destroyed`.
    await Promise.race([once(stdout, 'drain', { signal }), once(stdout, 'close', { signal })]).catch(() => {});
    giveUp.abort();
  }
  return !stdout.destroyed;
}
