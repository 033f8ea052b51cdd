import type { Era } from '../era/index.js';
import { restamp } from '../payload/index.js';
import type { EncodedValue } from './storage.js';

/**
 * Makes a value belong to the era that it is about to be committed to: its tags get the generations that they had at
 * the beginning of that era.
 */
export function bringInto(era: Era, value: EncodedValue): void {
  if (value.era === undefined || value.era === era) return;
  restamp(value.bytes, era.firstGeneration);
  value.era = era;
}
