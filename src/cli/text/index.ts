export { formatBytes, formatDuration, formatSpan } from './measures.js';
export { printable, printableJson } from './printable.js';
export { counted, formatCount, type Paint, paintFor } from './style.js';
export { NO_BORDERS } from './table.js';
