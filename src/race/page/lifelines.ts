import { axisRow, type Chart, type ChartRow, gridLines, stretch } from '../../html/chart.js';
import { html, type Markup } from '../../html/markup.js';
import { counted, duration, percent, roundDuration } from '../../html/numbers.js';
import type { Scale } from '../../html/scale.js';
import type { RaceLife, RaceResult } from '../report/index.js';

/** A lane of this height has room for its name. */
const NAMED_LANE = 20;
const THIN_LANE = 6;
const MOST_NAMED_LANES = 32;
/** With more processes than this a page gets slow: then one mark stands for several that are close together. */
const MOST_DRAWN_LIVES = 10_000;

const SIGNS = {
  reader: html`<rect class="reader" y="2" width="16" height="8" rx="2"/>`,
  writer: html`<rect class="writer" y="2" width="16" height="8" rx="2"/>`,
  death: html`<svg x="8" y="6" overflow="visible">${deathMark(NAMED_LANE)}</svg>`,
};

/** One lane for each place: its processes one after the other, and where SIGBUS ended them. */
export function lifelineChart({ lives, sigbus }: RaceResult, time: Scale): Chart {
  const livesOf = byPlace(lives);
  const height = livesOf.size > MOST_NAMED_LANES ? THIN_LANE : NAMED_LANE;
  const perLane = lives.length > MOST_DRAWN_LIVES ? Math.ceil(MOST_DRAWN_LIVES / livesOf.size) : undefined;
  let role = '';
  const lanes = [...livesOf].map(([place, own]): ChartRow => {
    const isFirst = roleOf(place) !== role;
    role = roleOf(place);
    const name = height === NAMED_LANE ? place : isFirst ? `${role}s` : '';
    return lane(name, place, perLane === undefined ? own : thinnedOut(own, time, perLane), own, time, height);
  });
  const notAll = perLane === undefined ? [] : [{ name: 'too many to draw: a mark can stand for several' }];
  return {
    title: 'Processes',
    remark: `${counted(sigbus, 'death')} by SIGBUS`,
    legend: [
      { name: 'reader', sign: SIGNS.reader },
      { name: 'writer', sign: SIGNS.writer },
      { name: 'killed by SIGBUS', sign: SIGNS.death },
      { name: 'gaps: another process is being started' },
      ...notAll,
    ],
    rows: [...lanes, axisRow(time, roundDuration)],
  };
}

function lane(
  name: string,
  place: string,
  drawn: readonly RaceLife[],
  all: readonly RaceLife[],
  time: Scale,
  height: number,
): ChartRow {
  const deaths = all.filter(({ end }) => end === 'sigbus').length;
  const label = `${place}: ${counted(all.length, 'process', 'processes')}, ${deaths} killed by SIGBUS`;
  const lineHeight = Math.max(height, NAMED_LANE);
  return {
    name: html`<div style="height:${height}px;line-height:${lineHeight}px">${name}</div>`,
    plot: html`<svg height="${height}" role="img" aria-label="${label}">${gridLines(time, height)}${drawn.map((life) => bar(life, time, height))}${drawn.map((life) => death(life, time, height))}</svg>`,
  };
}

function bar({ process, pid, fromMs, toMs, end }: RaceLife, time: Scale, height: number): Markup {
  const said = `${process}, pid ${pid}: ${duration(fromMs)} to ${duration(toMs)}, ${ending(end)}`;
  const thick = height === NAMED_LANE ? 10 : height - 1;
  return html`<rect class="${roleOf(process)}" ${stretch(time, fromMs, toMs)} y="${(height - thick) / 2}" height="${thick}" rx="2"><title>${said}</title></rect>`;
}

function death({ process, pid, toMs, end }: RaceLife, time: Scale, height: number): Markup | undefined {
  if (end !== 'sigbus') return undefined;
  return html`<svg class="death" x="${percent(time.at(toMs))}" y="${height / 2}" overflow="visible">${deathMark(height)}<title>${process}, pid ${pid}: SIGBUS at ${duration(toMs)}</title></svg>`;
}

function deathMark(height: number): Markup {
  if (height < NAMED_LANE) return html`<line class="bad-line" y1="${-height / 2}" y2="${height / 2}"/>`;
  return html`<line class="bad-line" y1="-7" y2="7"/><circle class="bad-dot" r="3.2"/>`;
}

function ending(end: RaceLife['end']): string {
  if (end === 'sigbus') return 'killed by SIGBUS';
  return end === 'stopped' ? 'stopped at the end' : 'ended too early';
}

/** The processes of each place, readers first, in the order of the places' numbers. */
function byPlace(lives: readonly RaceLife[]): Map<string, RaceLife[]> {
  const places = new Map<string, RaceLife[]>();
  for (const life of lives) {
    const own = places.get(life.process);
    if (own === undefined) places.set(life.process, [life]);
    else own.push(life);
  }
  const inOrder = ([one]: [string, unknown], [other]: [string, unknown]) =>
    roleOf(one).localeCompare(roleOf(other)) || numberOf(one) - numberOf(other);
  return new Map([...places].sort(inOrder));
}

/**
 * At most this many, spread over the time. Of processes that end close together it keeps the first that SIGBUS ended,
 * or else the first.
 */
function thinnedOut(lives: readonly RaceLife[], time: Scale, most: number): RaceLife[] {
  const kept = new Map<number, RaceLife>();
  for (const life of lives) {
    const place = Math.min(most - 1, Math.floor(time.at(life.toMs) * most));
    const before = kept.get(place);
    if (before === undefined || (before.end !== 'sigbus' && life.end === 'sigbus')) kept.set(place, life);
  }
  return [...kept.values()];
}

function roleOf(place: string): 'reader' | 'writer' {
  return place.startsWith('writer') ? 'writer' : 'reader';
}

function numberOf(place: string): number {
  return Number(place.split(' ').at(-1));
}
