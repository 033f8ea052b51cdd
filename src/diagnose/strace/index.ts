export {
  annotationOf,
  argumentText,
  holds,
  numberAt,
  numberOf,
  Open,
  openFlags,
  quoted,
  resultAnnotation,
} from './arguments.js';
export type { CallName } from './calls.js';
export { HOW_TO_GET_STRACE, parseStraceVersion, straceArguments } from './command.js';
export { HalfCall } from './half-call.js';
export { StraceLine } from './line.js';
export { WholeLine } from './whole-line.js';
