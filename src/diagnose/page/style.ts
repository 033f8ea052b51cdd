import { html } from '../../html/markup.js';

/** The styles that only pages of a diagnosis need: for the sequence diagram and the texts beside it. */
export const STYLE = html`<style>
.found { list-style: none; display: grid; gap: 10px; }
.found li { display: grid; grid-template-columns: 190px minmax(0, 1fr); gap: 14px; align-items: baseline; }
.found .badge { text-align: center; }
a { color: inherit; text-decoration-color: var(--muted); text-underline-offset: 3px; }
.finding h2 { margin-top: 10px; font-weight: 600; overflow-wrap: anywhere; }
.finding h2 code { font-size: inherit; }
.finding > p { font-size: 16px; }
.parties { display: block; font-size: 13.5px; color: var(--muted); }
.beside { display: grid; grid-template-columns: minmax(0, 1fr) 290px; gap: 32px; margin-top: 22px; align-items: start; }
.beside aside { display: grid; grid-template-columns: minmax(0, 1fr); gap: 20px; overflow-wrap: anywhere; }
.found, .finding > p { overflow-wrap: anywhere; }
.beside h3 { margin-bottom: 4px; }
.advice { background: var(--sunken); border-radius: 8px; padding: 14px 16px; }
.advice h3 { color: var(--text); }
.lines { overflow-wrap: anywhere; font-variant-numeric: tabular-nums; font-size: 14px; }
.sequence { display: grid; grid-template-columns: 92px repeat(var(--actors), minmax(0, 1fr)); }
.sequence .row { display: contents; }
.actor { display: grid; gap: 1px; align-content: start; padding: 10px 14px; font-size: 13.5px; line-height: 1.45; border: 1px solid var(--line); border-radius: 8px; background: var(--sunken); overflow-wrap: anywhere; }
.actor + .actor { margin-left: 10px; }
.actor b { font-size: 14px; }
.actor.unknown { border-style: dashed; background: none; }
.actor.victim b, .actor.reader b { color: var(--reader); } .actor.culprit b, .actor.writer b { color: var(--writer); }
.rail { padding: 9px 14px 9px 0; text-align: right; font-size: 12.5px; line-height: 1.45; color: var(--muted); font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.rail .line { display: block; color: var(--text); } .rail .time { display: block; }
.where { display: none; }
.lane { position: relative; padding: 5px 8px 5px 34px; min-height: 34px; }
.row > .lane { margin-left: 10px; } .row > .rail + .lane { margin-left: 0; }
.row.cut > .lane { background: var(--bad-tint); margin-left: 0; padding-left: 44px; } .row.cut > .rail + .lane { padding-left: 34px; }
.lane::before { content: ""; position: absolute; top: 0; bottom: 0; left: 18px; width: 2px; background: var(--line); }
.row.cut > .lane + .lane::before { left: 28px; }
.lane.over::before { display: none; } .lane.ending::before { bottom: auto; height: 17px; }
.band { position: absolute; top: 0; bottom: 0; width: 8px; left: 15px; }
.row.cut > .lane + .lane > .band { left: 25px; }
.band.mapped { background: var(--reader-soft); } .band.locked { background: var(--good); }
.band.from { top: 17px; } .band.to { bottom: auto; height: 17px; } .band.from.to { height: 0; }
.band.mapped + .band.locked { width: 4px; margin-left: 4px; }
.lane.own::after { content: ""; position: absolute; top: 12px; left: 14px; width: 10px; height: 10px; border-radius: 50%; background: var(--reader); border: 2px solid var(--surface); box-sizing: content-box; margin: -2px; }
.row.cut > .lane + .lane.own::after { left: 24px; }
.lane.culprit.own::after, .lane.writer.own::after { background: var(--writer); }
.row.hit > .lane.own::after { background: var(--bad); }
.row.cut > .lane.own::after { border-color: var(--bad-tint); }
.step b { display: block; font-size: 13.5px; font-weight: 600; line-height: 1.5; }
.step code { display: block; font-size: 12.5px; color: var(--muted); line-height: 1.45; }
.step.truncate b, .step.signal b { color: var(--bad); }
.row.cut .step code, .row.cut .rail { color: inherit; }
.sequence-legend { margin-top: 12px; color: var(--muted); display: flex; }
.sign { display: inline-block; width: 16px; height: 10px; border-radius: 2px; flex: none; }
.sign.mapped { background: var(--reader-soft); } .sign.locked { background: var(--good); } .sign.cut { background: var(--bad-tint); border: 1px solid var(--bad); }
.users td:last-child { white-space: normal; overflow-wrap: anywhere; min-width: 80px; }
.lane { overflow-wrap: anywhere; }
.users td code, .users th code { font-size: 12.5px; } .users thead th:first-child { width: 32%; } .users thead th:nth-child(2) { width: 30%; }
@media (max-width: 900px) { .beside { grid-template-columns: minmax(0, 1fr); gap: 22px; } }
@media (max-width: 640px) {
  .users tr { grid-template-columns: minmax(0, 1fr); }
  .found li { grid-template-columns: minmax(0, 1fr); justify-items: start; gap: 3px; }
  .sequence { grid-template-columns: repeat(var(--actors), minmax(0, 1fr)); }
  .sequence .rail { display: none; }
  .where { display: block; font-size: 11.5px; color: var(--muted); line-height: 1.5; }
  .row.cut .where { color: inherit; }
  .where .time::before { content: "  "; white-space: pre; }
  .actor { padding: 8px 10px; font-size: 12.5px; } .actor + .actor { margin-left: 6px; }
  .head-cell + .actor { margin-left: 0; }
  .row > .lane, .row.cut > .lane { margin-left: 0; padding-left: 22px; } .row.cut > .rail + .lane { padding-left: 22px; }
  .lane { padding: 5px 4px 5px 22px; }
  .lane::before, .row.cut > .lane + .lane::before { left: 9px; }
  .lane.own::after, .row.cut > .lane + .lane.own::after { left: 5px; top: 9px; }
  .band, .row.cut > .lane + .lane > .band { left: 6px; } .band.from { top: 14px; } .band.to, .lane.ending::before { height: 14px; }
  .step b { font-size: 12.5px; } .step code { font-size: 11.5px; }
}
</style>`;
