/** `12,345`. */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** `1 reader`, `4 readers`. */
export function counted(value: number, noun: string, plural = `${noun}s`): string {
  return `${count(value)} ${value === 1 ? noun : plural}`;
}

/** With three digits: `12.3 µs`, `4.56 ms`, `1.20 s`. */
export function duration(milliseconds: number): string {
  if (milliseconds === 0) return '0 ms';
  if (milliseconds < 0.9995) return `${threeDigits(milliseconds * 1_000)} µs`;
  if (milliseconds < 999.5) return `${threeDigits(milliseconds)} ms`;
  return `${threeDigits(milliseconds / 1_000)} s`;
}

/** A duration that is a round number, for an axis: `10 µs`, `2.5 s`. */
export function roundDuration(milliseconds: number): string {
  if (milliseconds === 0) return '0';
  if (milliseconds < 1) return `${short(milliseconds * 1_000)} µs`;
  return milliseconds < 1_000 ? `${short(milliseconds)} ms` : `${short(milliseconds / 1_000)} s`;
}

/** A count for an axis: `950`, `12k`, `1.5M`. */
export function shortCount(value: number): string {
  if (value < 1_000) return short(value);
  return value < 1_000_000 ? `${short(value / 1_000)}k` : `${short(value / 1_000_000)}M`;
}

/** A share from 0 to 1 as a length in CSS or SVG: `12.34%`. */
export function percent(share: number): string {
  return `${Number((share * 100).toFixed(3))}%`;
}

function threeDigits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}
