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

/** `3 s`, `2 h`: the largest unit that there is one of, rounded down. */
export function formatDuration(milliseconds: number): string {
  const [span, name] = SPANS.find(([length]) => milliseconds >= length) ?? [1, 'ms'];
  return `${Math.max(0, Math.floor(milliseconds / span))} ${name}`;
}
