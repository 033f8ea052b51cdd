import { beforeEach } from 'vitest';
import { needs } from './needs.js';

/** For files of tests that all need a cache, and so koffi: without it they are skipped, by name. To be called at the top of the file. */
export function skipWithoutKoffi(): void {
  beforeEach(({ skip }) => skip(!needs('koffi'), 'koffi is missing'));
}
