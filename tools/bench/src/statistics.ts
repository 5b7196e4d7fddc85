// Medians, spreads and ratios of rounds.

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Median of `a` over `b` round by round, as far as both have rounds: what drifts on a machine drifts for both of a round. */
export const ratio = (a: readonly number[], b: readonly number[]): number =>
  median(a.slice(0, b.length).map((x, i) => x / b[i]));

export const geometricMean = (values: readonly number[]): number =>
  Math.exp(values.reduce((sum, x) => sum + Math.log(x), 0) / values.length);

/** Three digits, as far as they are before the point or needed after it. */
export function digits(x: number): string {
  if (!Number.isFinite(x)) return "";
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(Math.max(Math.abs(x), 1e-9))));
  return x.toFixed(Math.min(decimals, 4));
}
