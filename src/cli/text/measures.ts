const UNITS = ['KiB', 'MiB', 'GiB', 'TiB'];

/** `512 B`, `1.5 KiB`. */
export function formatBytes(bytes: number): string {
  let size = bytes;
  let unit = 'B';
  for (const next of UNITS) {
    if (size < 1024) break;
    size /= 1024;
    unit = next;
  }
  return unit === 'B' ? `${size} B` : `${size.toFixed(size < 10 ? 1 : 0)} ${unit}`;
}

const SPANS: readonly (readonly [milliseconds: number, name: string])[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
];

/** `3 s`, `2 h`: in the largest unit that fits at least once, rounded down. */
export function formatDuration(milliseconds: number): string {
  const [span, name] = SPANS.find(([length]) => milliseconds >= length) ?? [1, 'ms'];
  return `${Math.max(0, Math.floor(milliseconds / span))} ${name}`;
}

/** `31 µs`, `2.1 ms`, `14.0 s`: for times that may be short. */
export function formatSpan(milliseconds: number): string {
  if (milliseconds < 1) return `${Math.round(milliseconds * 1_000)} µs`;
  if (milliseconds < 1_000) return `${trimmed(milliseconds)} ms`;
  return `${trimmed(milliseconds / 1_000)} s`;
}

function trimmed(value: number): string {
  return value < 100 && !Number.isInteger(value) ? value.toFixed(1) : value.toFixed(0);
}
