import { fstatSync } from 'node:fs';
import { errorCode } from '../../errors.js';
import { writeFully } from './write-fully.js';

const STANDARD_OUTPUT_FD = 1;

/**
 * Writes to standard output. Waits for a slow reader, until it has taken the text or `signal` is aborted. False where
 * the reader has left (`holdfast ls DIR | head`). Throws the system's error where the text cannot be written.
 */
export async function print(content: string | Buffer, signal?: AbortSignal): Promise<boolean> {
  const { stdout } = process;
  if (stdout.destroyed || signal?.aborted) return false;
  if (isFile()) {
    // Node's own stream drops what a full disk has not taken.
    writeFully(STANDARD_OUTPUT_FD, Buffer.from(content));
    return true;
  }
  return new Promise((resolve, reject) => {
    const giveUp = () => resolve(false);
    signal?.addEventListener('abort', giveUp, { once: true });
    stdout.write(content, (error) => {
      signal?.removeEventListener('abort', giveUp);
      const code = errorCode(error);
      if (error == null) resolve(true);
      else if (code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED') resolve(false);
      else reject(error);
    });
  });
}

/** Writes without a wait. A failure becomes an error of the stream, which closes then. */
export function send(text: string): void {
  const { stdout } = process;
  if (stdout.destroyed) return;
  if (!isFile()) {
    stdout.write(text);
    return;
  }
  try {
    writeFully(STANDARD_OUTPUT_FD, Buffer.from(text));
  } catch (error) {
    stdout.destroy(error as Error);
  }
}

let file: boolean | undefined;

function isFile(): boolean {
  file ??= fstatSync(STANDARD_OUTPUT_FD).isFile();
  return file;
}
