import {
  axisRow,
  type Chart,
  type ChartRow,
  gridLines,
  levelLines,
  lineThrough,
  stretch,
  upwardLabels,
} from '../../html/chart.js';
import { html, type Markup } from '../../html/markup.js';
import { count, counted, duration, roundDuration, shortCount } from '../../html/numbers.js';
import { linearScale, roundedScale, type Scale } from '../../html/scale.js';
import type { RaceResult, RaceSample } from '../report/index.js';
import { lifelineChart } from './lifelines.js';

const PLOT_HEIGHT = 96;
/** More columns cannot be told apart on a screen. */
const MOST_COLUMNS = 240;
/** What happened in a stretch of time, from sample to sample. */
interface Column {
  readonly fromMs: number;
  readonly toMs: number;
  readonly reads: number;
  readonly writes: number;
  readonly harmful: number;
  readonly looks: number;
  readonly emptyLooks: number;
  readonly least: number | null;
  readonly most: number | null;
}

const SIGNS = {
  readerLine: html`<line class="reader-line" x1="0" x2="16" y1="6" y2="6"/>`,
  writerLine: html`<line class="writer-line" x1="0" x2="16" y1="6" y2="6"/>`,
  range: html`<rect class="range" x="5" y="0" width="6" height="12"/>`,
  empty: html`<rect class="bad-dot" x="5" y="4" width="6" height="8"/>`,
  harmful: html`<rect class="warn-dot" x="5" y="1" width="6" height="11"/>`,
};

/** What happened in a strategy over time, as charts above one another with the same axis. */
export function timelineCharts(result: RaceResult): Chart[] {
  const { lives, timeline, elapsedMs } = result;
  const endMs = [...lives.map(({ toMs }) => toMs), ...timeline.map(({ atMs }) => atMs)].reduce(
    (latest, atMs) => Math.max(latest, atMs),
    elapsedMs,
  );
  const time = linearScale(endMs, 5);
  const columns = columnsOf(timeline);
  const charts = [lifelineChart(result, time), sizes(columns, time), speeds(columns, time)];
  return columns.some(({ harmful }) => harmful > 0) ? [...charts, harmfulReads(columns, time)] : charts;
}

/** The lengths that the file was seen to have. */
function sizes(columns: readonly Column[], time: Scale): Chart {
  const bytes = roundedScale(Math.max(0, ...columns.map(({ most }) => most ?? 0)), 3);
  const height = PLOT_HEIGHT;
  const looks = sum(columns, ({ looks: own }) => own);
  const empty = sum(columns, ({ emptyLooks }) => emptyLooks);
  const bars = columns.map(({ fromMs, toMs, least, most, emptyLooks }) => {
    if (least === null || most === null) return undefined;
    const top = height * (1 - bytes.at(most));
    const bottom = height * (1 - bytes.at(least));
    const tall = Math.max(2, bottom - top);
    const said = `${range(least, most)} from ${duration(fromMs)} to ${duration(toMs)}${emptyLooks > 0 ? `; seen at 0 bytes ${counted(emptyLooks, 'time')}` : ''}`;
    const mark =
      emptyLooks > 0
        ? html`<rect class="bad-dot" ${stretch(time, fromMs, toMs)} y="${height - 6}" height="6"/>`
        : undefined;
    return html`<g><title>${said}</title><rect class="range" ${stretch(time, fromMs, toMs)} y="${rounded(Math.min(top, height - tall))}" height="${rounded(tall)}"/>${mark}</g>`;
  });
  return {
    title: 'Length of the file',
    remark: `bytes; ${empty === 0 ? 'never seen at 0' : `at 0 in ${count(empty)} of ${count(looks)} looks`}`,
    legend: [
      { name: 'shortest to longest', sign: SIGNS.range },
      ...(empty === 0 ? [] : [{ name: 'seen at 0 bytes', sign: SIGNS.empty }]),
    ],
    rows: [plotRow(bytes, height, time, bars), axisRow(time, roundDuration)],
  };
}

/** How much was read and written. */
function speeds(columns: readonly Column[], time: Scale): Chart {
  const perSecond = (amount: number, { fromMs, toMs }: Column) => (amount / Math.max(1, toMs - fromMs)) * 1_000;
  // What is counted after the end, while the processes finish, is in a stretch of its own that may be very short.
  const whole = columns.filter(({ fromMs, toMs }, index) => index < columns.length - 1 || toMs - fromMs >= 50);
  const speed = roundedScale(
    Math.max(0, ...whole.flatMap((one) => [perSecond(one.reads, one), perSecond(one.writes, one)])),
    3,
  );
  const line = (amount: (column: Column) => number, className: string) =>
    lineThrough(
      whole.map(
        (column) => [time.at((column.fromMs + column.toMs) / 2), speed.at(perSecond(amount(column), column))] as const,
      ),
      PLOT_HEIGHT,
      className,
    );
  const lines = [line(({ reads }) => reads, 'reader-line'), line(({ writes }) => writes, 'writer-line')];
  return {
    title: 'Reads and writes',
    remark: 'per second',
    legend: [
      { name: 'reads', sign: SIGNS.readerLine },
      { name: 'writes', sign: SIGNS.writerLine },
    ],
    rows: [plotRow(speed, PLOT_HEIGHT, time, lines), axisRow(time, roundDuration)],
  };
}

/** Empty and torn reads. */
function harmfulReads(columns: readonly Column[], time: Scale): Chart {
  const scale = roundedScale(Math.max(...columns.map(({ harmful }) => harmful)), 2);
  const height = PLOT_HEIGHT / 2;
  const bars = columns.map(({ fromMs, toMs, harmful }) => {
    if (harmful === 0) return undefined;
    const tall = Math.max(2, height * scale.at(harmful));
    return html`<rect class="warn-dot" ${stretch(time, fromMs, toMs)} y="${rounded(height - tall)}" height="${rounded(tall)}"><title>${counted(harmful, 'read')} from ${duration(fromMs)} to ${duration(toMs)}</title></rect>`;
  });
  return {
    title: 'Empty and torn reads',
    remark: `${count(sum(columns, ({ harmful }) => harmful))} in all`,
    legend: [{ name: 'in each stretch of time', sign: SIGNS.harmful }],
    rows: [plotRow(scale, height, time, bars), axisRow(time, roundDuration)],
  };
}

function plotRow(scale: Scale, height: number, time: Scale, content: readonly (Markup | undefined)[]): ChartRow {
  const plot = html`<svg height="${height}">${gridLines(time, height)}${levelLines(scale, height)}${content}</svg>`;
  return { name: upwardLabels(scale, height, shortCount), plot };
}

function columnsOf(timeline: readonly RaceSample[]): Column[] {
  const together = Math.ceil(timeline.length / MOST_COLUMNS);
  const columns: Column[] = [];
  let before = { atMs: 0, reads: 0, writes: 0, empty: 0, torn: 0 };
  for (let first = 0; first < timeline.length; first += together) {
    const samples = timeline.slice(first, first + together);
    const last = samples.at(-1);
    if (last === undefined) break;
    const leasts = samples.flatMap(({ sizes: { least } }) => least ?? []);
    const mosts = samples.flatMap(({ sizes: { most } }) => most ?? []);
    columns.push({
      fromMs: before.atMs,
      toMs: last.atMs,
      reads: last.reads - before.reads,
      writes: last.writes - before.writes,
      harmful: last.empty + last.torn - before.empty - before.torn,
      looks: sum(samples, ({ sizes: { looks } }) => looks),
      emptyLooks: sum(samples, ({ sizes: { empty } }) => empty),
      least: leasts.length === 0 ? null : Math.min(...leasts),
      most: mosts.length === 0 ? null : Math.max(...mosts),
    });
    before = last;
  }
  return columns;
}

function range(least: number, most: number): string {
  return least === most ? counted(least, 'byte') : `${count(least)} to ${counted(most, 'byte')}`;
}

function sum<T>(items: readonly T[], amount: (item: T) => number): number {
  return items.reduce((total, item) => total + amount(item), 0);
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
