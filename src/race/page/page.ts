import { renderChart } from '../../html/chart.js';
import { html, type Markup, type Part } from '../../html/markup.js';
import { counted, duration } from '../../html/numbers.js';
import { renderPage } from '../../html/page.js';
import { type RaceReport, type RaceResult, verdictSentence } from '../report/index.js';
import { countsTable, headline, latencyChart, latencyFacts, verdictBadge } from './summary.js';
import { timelineCharts } from './timeline.js';

/**
 * A race as one HTML page that needs neither network nor script: the verdicts, the counts, the latencies, and for each
 * strategy what happened over time. All text of the report is escaped.
 */
export function renderRacePage(report: RaceReport): string {
  const title = headline(report);
  const body = [heading(report, title), summary(report), report.strategies.map(strategySection), setting(report)];
  return renderPage({ title: `${title} · holdfast race`, style: STYLE, body });
}

const STYLE = html`<style>
.verdicts { list-style: none; display: grid; gap: 9px; margin-bottom: 26px; }
.verdicts li { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 12px; align-items: baseline; }
.verdicts .badge { min-width: 92px; text-align: center; }
.latency-name { display: flex; align-items: center; justify-content: flex-end; white-space: normal; line-height: 1.25; overflow-wrap: anywhere; }
@media (max-width: 640px) { .verdicts li { grid-template-columns: minmax(0, 1fr); justify-items: start; gap: 3px; } .verdicts { gap: 14px; } }
</style>`;

function heading({ options, startedAt }: RaceReport, title: string): Markup {
  const { readers, writers, bytes, access, seconds } = options;
  const what = `${counted(readers, 'reader')} (${access}) and ${counted(writers, 'writer')} over one file of up to ${counted(bytes, 'byte')}, ${seconds} s for each strategy`;
  return html`<header><p class="kicker">holdfast race · ${startedAt.slice(0, 16).replace('T', ' ')} UTC</p>
<h1>${title}</h1>
<p class="muted" style="margin-top:8px">${what}.</p></header>`;
}

function summary({ strategies }: RaceReport): Part {
  if (strategies.length === 0)
    return html`<section class="card"><h2>Nothing was counted</h2><p>No strategy got as far as its start.</p></section>`;
  const latency = latencyChart(strategies);
  return html`<section class="card"><h2>Verdicts and counts</h2>
<ul class="verdicts">${strategies.map((result) => html`<li>${verdictBadge(result)}<span>${verdictSentence(result)}</span></li>\n`)}</ul>${countsTable(strategies)}</section>
<section class="card latency"><h2>Latencies</h2>
${latency === undefined ? html`<p class="muted">No read and no write was measured.</p>` : renderChart(latency)}</section>
`;
}

function strategySection(result: RaceResult): Markup {
  const { strategy, sigbus, firstDeathMs, elapsedMs, errorMessages } = result;
  const death =
    sigbus === 0 || firstDeathMs === null
      ? undefined
      : html`<dt>first death</dt><dd>after ${duration(firstDeathMs)}</dd>`;
  const errors =
    errorMessages.length === 0
      ? undefined
      : html`<dt>errors said</dt><dd>${errorMessages.map((text) => html`<div class="code">${text}</div>`)}</dd>`;
  return html`<section class="card" id="${strategy}" data-deaths="${sigbus}"><div class="head"><h2>${strategy}</h2>${verdictBadge(result)}</div>
<p>${verdictSentence(result)}</p>
${timelineCharts(result).map(renderChart)}
<dl class="facts" style="margin-top:22px">${death}${latencyFacts(result)}<dt>ran for</dt><dd>${duration(elapsedMs)}</dd>${errors}</dl></section>
`;
}

/** All that is needed to repeat the race. */
function setting({ environment, options }: RaceReport): Markup {
  const { node, platform, kernel, arch, cpus, cpuModel, memoryBytes, filesystem, flock, versions } = environment;
  const { strategies, readers, writers, seconds, bytes, access, seed } = options;
  const command = `holdfast race --strategy ${strategies.join(',')} --readers ${readers} --writers ${writers} --seconds ${seconds} --bytes ${bytes} --access ${access} --seed ${seed}`;
  const packages = Object.entries(versions).map(([name, version]) => `${name} ${version ?? 'not installed'}`);
  const facts: [string, Part][] = [
    ['again', html`<code>${command}</code>`],
    ['machine', `${cpuModel}, ${counted(cpus, 'processor')}, ${(memoryBytes / 2 ** 30).toFixed(1)} GiB of memory`],
    ['system', `${platform} ${kernel} ${arch}, Node ${node}`],
    ['file system', filesystem],
    ['flock(2) through', flock ?? 'nothing'],
    ['versions', packages.join(', ')],
  ];
  return html`<section class="card"><h2>Where and how</h2><dl class="facts">${facts.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl></section>
<footer>The seed fixes payloads and schedules, not the interleaving. What a race shows has happened; what it does not show may need more time.</footer>`;
}
