import { axisRow, type Chart, type ChartRow, gridLines } from '../../html/chart.js';
import { html, type Markup, type Part } from '../../html/markup.js';
import { count, duration, percent, roundDuration } from '../../html/numbers.js';
import { decadeScale, type Scale } from '../../html/scale.js';
import type { Percentiles } from '../data/index.js';
import { type RaceReport, type RaceResult, raceExitStatus, verdictOf } from '../report/index.js';

/** The race in one sentence. */
export function headline(report: RaceReport): string {
  if (report.strategies.length === 0) return 'The race was interrupted before anything was counted';
  const hasNaive = report.strategies.some(({ strategy }) => strategy === 'naive');
  const hasSafe = report.strategies.some(({ strategy }) => strategy !== 'naive');
  switch (raceExitStatus(report)) {
    case 130:
      return 'The race was interrupted; this is what was counted until then';
    case 1:
      return 'A strategy that must be safe failed';
    case 3:
      return 'The race is inconclusive';
    case 0:
      if (!hasNaive) return 'No strategy did any harm';
      return hasSafe ? 'The naive code did its harm; every safe strategy did none' : 'The naive code did its harm';
  }
}

/** A word for the verdict. */
export function verdictBadge(result: RaceResult): Markup {
  const verdict = verdictOf(result);
  if (verdict === 'broken')
    return html`<span class="badge bad">${result.strategy === 'naive' ? 'did harm' : 'failed'}</span>`;
  if (verdict === 'inconclusive') return html`<span class="badge warn">inconclusive</span>`;
  return result.strategy === 'naive'
    ? html`<span class="badge warn">showed nothing</span>`
    : html`<span class="badge good">clean</span>`;
}

/** A row for each strategy; on a narrow screen a block for each. */
export function countsTable(strategies: readonly RaceResult[]): Markup {
  return html`<table class="stacked">
<thead><tr><th scope="col">strategy</th><th scope="col">reads</th><th scope="col">writes</th><th scope="col">SIGBUS</th><th scope="col">empty</th><th scope="col">torn</th><th scope="col">lost</th><th scope="col">errors</th><th scope="col">reads/s</th><th scope="col">writes/s</th></tr></thead>
<tbody>${strategies.map(tableRow)}</tbody>
</table>`;
}

function tableRow(result: RaceResult): Markup {
  const { strategy, reads, writes, sigbus, empty, torn, lost, errors, readsPerSecond, writesPerSecond } = result;
  const plain = (label: string, value: number) => html`<td data-label="${label}">${count(value)}</td>`;
  const harm = (label: string, name: string, value: number) =>
    html`<td data-label="${label}" data-count="${name}" class="${value > 0 ? 'bad' : 'muted'}">${count(value)}</td>`;
  return html`<tr data-strategy="${strategy}"><th scope="row">${strategy}</th>${plain('reads', reads)}${plain('writes', writes)}${harm('SIGBUS', 'sigbus', sigbus)}${harm('empty', 'empty', empty)}${harm('torn', 'torn', torn)}${harm('lost', 'lost', lost)}${harm('errors', 'errors', errors)}${plain('reads/s', Math.round(readsPerSecond))}${plain('writes/s', Math.round(writesPerSecond))}</tr>
`;
}

/** How long reads and writes took: from the median to the 99th percentile, all strategies on one axis. */
export function latencyChart(strategies: readonly RaceResult[]): Chart | undefined {
  const all = strategies.flatMap(({ readLatency, writeLatency }) => [readLatency, writeLatency].flatMap(valuesOf));
  if (all.length === 0) return undefined;
  const scale = decadeScale(Math.min(...all), Math.max(...all));
  return {
    title: 'Latency',
    remark: 'logarithmic',
    legend: [
      { name: 'reads', sign: rangeSign('reader') },
      { name: 'writes', sign: rangeSign('writer') },
      { name: 'from the median (dot) to the 99th percentile' },
    ],
    rows: [...strategies.map((result) => latencyRow(result, scale)), axisRow(scale, roundDuration)],
  };
}

const LATENCY_HEIGHT = 40;

function latencyRow({ strategy, readLatency, writeLatency }: RaceResult, scale: Scale): ChartRow {
  const plot = html`<svg height="${LATENCY_HEIGHT}">${gridLines(scale, LATENCY_HEIGHT)}${latencyBar('reads', readLatency, scale, 13)}${latencyBar('writes', writeLatency, scale, 27)}</svg>`;
  return {
    name: html`<div class="latency-name" style="height:${LATENCY_HEIGHT}px"><span>${strategy}</span></div>`,
    plot,
  };
}

function latencyBar(what: 'reads' | 'writes', { p50, p99 }: Percentiles, scale: Scale, y: number): Markup {
  const role = what === 'reads' ? 'reader' : 'writer';
  if (p50 === null || p99 === null) return html`<text x="0" y="${y + 4}">no ${what}</text>`;
  const [from, to] = [scale.at(p50), scale.at(p99)];
  const said = `${what}: median ${duration(p50)}, 99th percentile ${duration(p99)}`;
  return html`<g><title>${said}</title><rect class="${role}" x="${percent(from)}" width="${percent(Math.max(0.002, to - from))}" y="${y - 4}" height="8" rx="2"/><circle class="${role}-dot" cx="${percent(from)}" cy="${y}" r="5"/></g>`;
}

function rangeSign(role: 'reader' | 'writer'): Markup {
  return html`<rect class="${role}" x="3" y="3" width="13" height="6" rx="2"/><circle class="${role}-dot" cx="4" cy="6" r="4"/>`;
}

function valuesOf({ p50, p99 }: Percentiles): number[] {
  return [p50, p99].filter((value) => value !== null);
}

/** Median and 99th percentile in words. */
export function latencyFacts({ readLatency, writeLatency }: RaceResult): Part {
  const said = ({ p50, p99 }: Percentiles) =>
    p50 === null || p99 === null ? 'none' : `median ${duration(p50)}, 99th percentile ${duration(p99)}`;
  return html`<dt>reads took</dt><dd>${said(readLatency)}</dd><dt>writes took</dt><dd>${said(writeLatency)}</dd>`;
}
