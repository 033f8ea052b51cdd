export { EXIT_STATUS_HELP, ExitStatus } from './exit-status.js';
export { type Interruption, listenForInterruption } from './interruption.js';
export { print, send } from './print.js';
export { asText, keyFrom, keysFrom, readInput, STANDARD_INPUT } from './standard-input.js';
export { complain, guardStandardStreams } from './standard-streams.js';
export { writeFully } from './write-fully.js';
