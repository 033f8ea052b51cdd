// @ts-check
// Diagnoses the log argv[2], and prints what it found and what it cost as JSON.
import { performance } from 'node:perf_hooks';
import { diagnose } from '../../dist/diagnose/index.js';

const start = performance.now();
const { findings, logs } = await diagnose([process.argv[2] ?? '']);
const seconds = (performance.now() - start) / 1000;
const [log] = logs;
console.log(
  JSON.stringify({
    seconds,
    bytes: log?.bytes,
    lines: log?.lines,
    garbage: log?.garbage,
    peakBytes: process.resourceUsage().maxRSS * 1024,
    findings,
  }),
);
