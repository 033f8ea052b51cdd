import { html } from './markup.js';

/**
 * The style of all pages. Colours are named for what they mean, and defined for light and for dark; text has a contrast
 * of at least 4.5 to 1 on every background it stands on. Fonts are those of the system: a page loads nothing.
 */
export const STYLE = html`<style>
:root {
  color-scheme: light dark;
  --page: #f4f5f7; --surface: #ffffff; --sunken: #eef0f3; --line: #d5dae1; --grid: #e4e8ed;
  --text: #1b2027; --muted: #535d69;
  --reader: #0a62bd; --reader-soft: #7fb2e8; --writer: #7b3fb5; --writer-soft: #c3a3e3;
  --bad: #bb1e1b; --bad-tint: #fde7e5; --good: #14683a; --good-tint: #e0f3e7;
  --warn: #855000; --warn-tint: #fcefd2; --warn-fill: #d48c0b; --bar: #a9b3bf;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0d1015; --surface: #161a21; --sunken: #1e242d; --line: #323a46; --grid: #262d37;
    --text: #e7ebf0; --muted: #a2acb9;
    --reader: #6db3ff; --reader-soft: #2f5f95; --writer: #c79bff; --writer-soft: #64478c;
    --bad: #ff8078; --bad-tint: #3d1b1b; --good: #63cf8c; --good-tint: #14301f;
    --warn: #ecb24c; --warn-tint: #362a11; --warn-fill: #d99a2b; --bar: #566170;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--page); color: var(--text);
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  overflow-wrap: break-word;
}
main { max-width: 1160px; margin: 0 auto; padding: 40px 28px 56px; }
h1, h2, h3, p, dl, dd, ul, ol, figure, table { margin: 0; padding: 0; }
h1 { font-size: 28px; line-height: 1.25; letter-spacing: -0.015em; font-weight: 650; text-wrap: balance; }
h2 { font-size: 19px; line-height: 1.35; letter-spacing: -0.005em; font-weight: 650; }
h3 { font-size: 13px; line-height: 1.4; font-weight: 600; color: var(--muted); }
p { max-width: 76ch; }
code, .code { font: 13px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
.kicker { font-size: 13px; font-weight: 600; color: var(--muted); margin-bottom: 6px; }
.muted { color: var(--muted); }
.bad { color: var(--bad); } .good { color: var(--good); } .warn { color: var(--warn); }
.card { background: var(--surface); border: 1px solid var(--line); border-radius: 10px; padding: 22px 24px 24px; margin-top: 20px; }
.card > h2 + * , .card > .head + * { margin-top: 14px; }
.head { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 12px; }
.badge {
  display: inline-block; padding: 1px 9px; border-radius: 99px; font-size: 12.5px; font-weight: 600; line-height: 20px; white-space: nowrap;
  background: var(--sunken); color: var(--muted);
}
.badge.bad { background: var(--bad-tint); color: var(--bad); }
.badge.good { background: var(--good-tint); color: var(--good); }
.badge.warn { background: var(--warn-tint); color: var(--warn); }
.note { border-left: 3px solid var(--line); padding: 2px 0 2px 14px; margin-top: 16px; }
.note.warn { border-color: var(--warn); color: inherit; }
.facts { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 4px 20px; font-size: 14px; }
.facts dt { color: var(--muted); }
.facts dd { overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums; }
th { text-align: right; font-size: 12.5px; font-weight: 600; color: var(--muted); padding: 6px 10px; border-bottom: 1px solid var(--line); vertical-align: bottom; }
td { text-align: right; padding: 8px 10px; border-bottom: 1px solid var(--grid); white-space: nowrap; vertical-align: top; }
tr:last-child > td, tr:last-child > th[scope=row] { border-bottom: 0; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
th:last-child, td:last-child { padding-right: 0; }
th[scope=row] { color: var(--text); font-size: 14px; padding-top: 8px; padding-bottom: 8px; border-bottom-color: var(--grid); vertical-align: top; }
td.text, th.text { text-align: left; white-space: normal; overflow-wrap: anywhere; }
td.bad { font-weight: 650; }
.chart { margin-top: 24px; }
.chart > h3 { display: flex; flex-wrap: wrap; align-items: baseline; gap: 2px 18px; margin-bottom: 12px; }
.chart > h3 { font-weight: 400; }
.chart > h3 > b { color: var(--text); font-weight: 600; }
.legend { display: inline-flex; flex-wrap: wrap; gap: 2px 14px; font-weight: 400; font-size: 12.5px; }
.legend > span { display: inline-flex; align-items: center; gap: 6px; }
.legend svg { width: 16px; height: 12px; flex: none; }
.rows { display: grid; grid-template-columns: 132px minmax(0, 1fr); column-gap: 12px; font-size: 12.5px; font-variant-numeric: tabular-nums; }
.rows > .name { color: var(--muted); text-align: right; white-space: nowrap; }
.rows svg { display: block; width: 100%; overflow: visible; }
.scale { position: relative; }
.scale > span { position: absolute; right: 0; transform: translateY(50%); line-height: 1; color: var(--muted); white-space: nowrap; }
svg text { font: 12.5px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; fill: var(--muted); font-variant-numeric: tabular-nums; }
svg .grid { stroke: var(--grid); stroke-width: 1; shape-rendering: crispEdges; }
svg .base { stroke: var(--line); stroke-width: 1; shape-rendering: crispEdges; }
svg .reader { fill: var(--reader-soft); } svg .writer { fill: var(--writer-soft); }
svg .reader-line { fill: none; stroke: var(--reader); stroke-width: 2; vector-effect: non-scaling-stroke; stroke-linejoin: round; }
svg .writer-line { fill: none; stroke: var(--writer); stroke-width: 2; vector-effect: non-scaling-stroke; stroke-linejoin: round; }
svg .reader-dot { fill: var(--reader); } svg .writer-dot { fill: var(--writer); }
svg .bad-dot { fill: var(--bad); } svg .bad-line { stroke: var(--bad); stroke-width: 2; }
svg .warn-dot { fill: var(--warn-fill); }
svg .range { fill: var(--bar); }
footer { margin-top: 28px; font-size: 13px; color: var(--muted); }
@media (max-width: 640px) {
  body { font-size: 14.5px; }
  main { padding: 24px 14px 40px; }
  h1 { font-size: 22px; }
  .card { padding: 16px 14px 18px; margin-top: 14px; }
  .rows { grid-template-columns: 74px minmax(0, 1fr); column-gap: 8px; font-size: 11.5px; }
  svg text { font-size: 11.5px; }
  .facts { grid-template-columns: minmax(0, 1fr); gap: 0; }
  .facts dd + dt { margin-top: 8px; }
  .stacked thead { display: none; }
  .stacked tr { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); column-gap: 26px; padding: 12px 0; border-bottom: 1px solid var(--line); }
  .stacked tr:first-child { padding-top: 0; } .stacked tr:last-child { padding-bottom: 0; border-bottom: 0; }
  .stacked th[scope=row] { grid-column: 1 / -1; padding: 0 0 4px; border: 0; font-size: 15px; overflow-wrap: anywhere; }
  .stacked td { display: flex; justify-content: space-between; gap: 12px; padding: 1px 0; border: 0; white-space: normal; overflow-wrap: anywhere; }
  .stacked td.text { grid-column: 1 / -1; display: block; text-align: left; }
  .stacked td[data-label]::before { content: attr(data-label); color: var(--muted); flex: none; font-weight: 400; }
  .every-other { display: none; }
}
@media print { body { background: none; } .card { break-inside: avoid; } }
</style>`;
