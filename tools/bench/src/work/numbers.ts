// The numbers that everybody computes with: a hash of their place, so that each language makes the same ones by itself.

/** Uniform from `low` to `high`; run/inPython.py has the same function. */
export function uniform(seed: number, count: number, low: number, high: number): Float32Array<ArrayBuffer> {
  const values = new Float32Array(count);
  const offset = Math.imul(seed, 0x9e3779b1);
  const scale = (high - low) / 2 ** 24;
  for (let i = 0; i < count; i++) {
    let x = i + offset;
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    values[i] = low + ((x ^ (x >>> 16)) >>> 8) * scale;
  }
  return values;
}
export const centred = (seed: number, count: number, bound: number): Float32Array<ArrayBuffer> =>
  uniform(seed, count, -bound, bound);

/** The seed of pictures and of what single ops are given; layers have small ones. */
export const INPUT = 1000;
export const pixelsOf = (count: number): Float32Array<ArrayBuffer> => uniform(INPUT, count, 0, 1);
export const labelsOf = (batch: number): Int32Array<ArrayBuffer> =>
  Int32Array.from({ length: batch }, (_, i) => i % 10);

/** What is compared between contenders: mean and root of the mean square, which no layout changes. */
export function digest(values: ArrayLike<number>): number[] {
  let [sum, squares] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    sum += values[i];
    squares += values[i] ** 2;
  }
  return [sum / values.length, Math.sqrt(squares / values.length)];
}
/** Whether two digests are of the same values, to about four digits of the larger number. */
export function agree(a: readonly number[], b: readonly number[], tolerance = 2e-3): boolean {
  const scale = Math.max(...a.map(Math.abs), ...b.map(Math.abs));
  return a.length === b.length && a.every((x, i) => Math.abs(x - b[i]) <= tolerance * scale);
}
