export { displayJson, displayLines, displayScreen, type WatchDisplay } from './watch-display.js';
