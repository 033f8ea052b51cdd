/** A value and its position on an axis, from 0 to 1. */
export interface Tick {
  readonly value: number;
  readonly at: number;
}

/** An axis: the positions of values, and the values to be labelled. */
export interface Scale {
  /** 0 at the beginning of the axis, 1 at its end. */
  at(value: number): number;
  readonly ticks: readonly Tick[];
}

/** From 0 to `most`, with about `wanted` ticks at round numbers. */
export function linearScale(most: number, wanted = 5): Scale {
  const end = most > 0 ? most : 1;
  const at = (value: number) => clamp(value / end);
  const step = roundStep(end / wanted);
  const count = Math.floor(end / step + 1e-9);
  const ticks = Array.from({ length: count + 1 }, (_, index) => tickAt(Number((index * step).toPrecision(12)), at));
  return { at, ticks };
}

/** From 0 to the first round number at or above `most`, with about `wanted` ticks at round numbers. */
export function roundedScale(most: number, wanted = 4): Scale {
  const end = most > 0 ? most : 1;
  const step = roundStep(end / wanted);
  return linearScale(Number((Math.ceil(end / step - 1e-9) * step).toPrecision(12)), wanted);
}

/** Logarithmic, from the power of ten at or below `least` to the one at or above `most`. Both must be above 0. */
export function decadeScale(least: number, most: number): Scale {
  const first = Math.floor(Math.log10(least) + 1e-9);
  const last = Math.max(first + 1, Math.ceil(Math.log10(most) - 1e-9));
  const at = (value: number) => clamp((Math.log10(value) - first) / (last - first));
  const ticks = Array.from({ length: last - first + 1 }, (_, index) =>
    tickAt(Number((10 ** (first + index)).toPrecision(6)), at),
  );
  return { at, ticks };
}

/** The smallest number at or above `step` that is 1, 2 or 5 times a power of ten. */
function roundStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * power >= step * (1 - 1e-9)) ?? 10;
  return factor * power;
}

function tickAt(value: number, at: (value: number) => number): Tick {
  return { value, at: at(value) };
}

function clamp(share: number): number {
  return Math.min(1, Math.max(0, share));
}
