export { addPageOption, addReportOptions, type ReportFlags } from './flags.js';
export { openOutlet } from './outlet.js';
export { openReportLines, type ReportLines } from './report-lines.js';
