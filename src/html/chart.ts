import { html, type Markup, type Part } from './markup.js';
import { percent } from './numbers.js';
import type { Scale } from './scale.js';

/**
 * A row of a chart: a name at the left, and a plot in the rest of the width. Horizontal positions are in percent, so
 * that a chart becomes narrower without its text becoming smaller.
 */
export interface ChartRow {
  readonly name: Part;
  readonly plot: Markup;
}

export interface Chart {
  readonly title: string;
  readonly remark?: string | undefined;
  readonly legend?: readonly LegendItem[];
  readonly rows: readonly ChartRow[];
}

export interface LegendItem {
  readonly name: string;
  /** A drawing of 16 by 12 pixels. */
  readonly sign?: Markup;
}

/** A chart with its title. */
export function renderChart({ title, remark, legend = [], rows }: Chart): Markup {
  return html`<figure class="chart">
<h3><b>${title}</b>${remark === undefined ? undefined : html` <span>${remark}</span>`}${legend.length === 0 ? undefined : renderLegend(legend)}</h3>
<div class="rows">${rows.map(({ name, plot }) => html`<div class="name">${name}</div><div>${plot}</div>\n`)}</div>
</figure>
`;
}

function renderLegend(items: readonly LegendItem[]): Markup {
  const drawing = (sign: Markup) => html`<svg viewBox="0 0 16 12" aria-hidden="true">${sign}</svg>`;
  return html`<span class="legend">${items.map(({ name, sign }) => html`<span>${sign && drawing(sign)}${name}</span>`)}</span>`;
}

/** Vertical lines in a plot of this height, one for each tick of the axis below. */
export function gridLines({ ticks }: Scale, height: number): Markup[] {
  return ticks.map(
    ({ at }) => html`<line class="grid" x1="${percent(at)}" x2="${percent(at)}" y1="0" y2="${height}"/>`,
  );
}

/** This many labels fit below a plot on a narrow screen. */
const FITTING_LABELS = 4;

/**
 * The axis below plots. `format` makes the label of a tick. Where there are many, narrow screens show every other one.
 */
export function axisRow({ ticks }: Scale, format: (value: number) => string): ChartRow {
  // Labels at the ends must not stick out.
  const anchorOf = (at: number) => (at < 0.02 ? 'start' : at > 0.98 ? 'end' : 'middle');
  const labels = ticks.map(({ value, at }, index) => {
    const className = ticks.length > FITTING_LABELS && (ticks.length - 1 - index) % 2 === 1 ? 'every-other' : '';
    return html`<text class="${className}" x="${percent(at)}" y="17" text-anchor="${anchorOf(at)}">${format(value)}</text>`;
  });
  return {
    name: '',
    plot: html`<svg height="22"><line class="base" x1="0" x2="100%" y1="0.5" y2="0.5"/>${labels}</svg>`,
  };
}

/** The attributes of a rectangle that reaches from one value to another, and is wide enough to be seen. */
export function stretch(scale: Scale, from: number, to: number): Markup {
  const start = scale.at(from);
  return html`x="${percent(start)}" width="${percent(Math.max(0.001, scale.at(to) - start))}"`;
}

/** The values of an upward axis, beside a plot of this height. */
export function upwardLabels({ ticks }: Scale, height: number, format: (value: number) => string): Markup {
  const label = ({ value, at }: { value: number; at: number }) =>
    html`<span style="bottom:${percent(at)}">${format(value)}</span>`;
  return html`<div class="scale" style="height:${height}px">${ticks.map(label)}</div>`;
}

/** Horizontal lines in a plot of this height, one for each tick of the axis beside it. */
export function levelLines({ ticks }: Scale, height: number): Markup[] {
  return ticks.map(({ at }) => {
    const y = Math.round(height * (1 - at));
    return html`<line class="grid" x1="0" x2="100%" y1="${y}" y2="${y}"/>`;
  });
}

/** A line through points whose coordinates go from 0 to 1, `y` upwards. It keeps its thickness on a wider page. */
export function lineThrough(
  points: readonly (readonly [x: number, y: number])[],
  height: number,
  className: string,
): Markup {
  const list = points.map(([x, y]) => `${Math.round(x * 10_000) / 10},${Math.round((1 - y) * 1_000) / 10}`).join(' ');
  return html`<svg viewBox="0 0 1000 100" preserveAspectRatio="none" height="${height}"><polyline class="${className}" points="${list}"/></svg>`;
}
