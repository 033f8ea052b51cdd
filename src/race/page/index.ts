export { renderRacePage } from './page.js';
