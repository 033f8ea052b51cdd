import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { hrtime } from './timers.js';

/**
 * 16 bytes that change with each boot of this machine (/proc/sys/kernel/random/boot_id); without /proc they only tell
 * hosts apart.
 */
export function bootId(): Buffer {
  let text: string;
  try {
    text = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1');
  } catch {
    text = hostname();
  }
  return createHash('sha256').update(text).digest().subarray(0, 16);
}

/**
 * Milliseconds of the clock that is the same for all processes of this machine, and that nobody can set
 * (CLOCK_MONOTONIC).
 */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}
