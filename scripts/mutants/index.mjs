// @ts-check
import { BELOW } from './below.mjs';
import { CACHE } from './cache.mjs';
import { TOOLS } from './tools.mjs';

/** Small mistakes in `src/`, each with the test that notices it. */
export const MUTANTS = [...BELOW, ...CACHE, ...TOOLS];
