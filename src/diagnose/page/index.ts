export { renderDiagnosePage } from './page.js';
