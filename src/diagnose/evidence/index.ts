export { type Draft, type Findings, hexadecimal } from './findings.js';
export { Inquiry } from './inquiry.js';
export { ADVICE, bytes, capital, printablePath, processName, shortened } from './wording.js';
