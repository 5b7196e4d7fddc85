// Numbers, tuples and booleans as Python writes them, so that a printed model reads as PyTorch's.

/**
 * A number that is a float in PyTorch: with exponent below 1e-4. JavaScript does not know 2 from 2.0, so a whole number
 * prints as 2, as it does if PyTorch was given 2, unless it is the argument's default, which PyTorch writes as a float.
 */
export function float(x: number, usual: number): string {
  if (Number.isInteger(x)) return x === usual ? `${x}.0` : String(x);
  return Math.abs(x) < 1e-4 ? x.toExponential().replace(/e-(\d)$/, "e-0$1") : String(x);
}
export const bool = (x: boolean): string => (x ? "True" : "False");
/** Numbers as they were given: 2 or (2, 2). */
export const sizes = (x: number | readonly number[]): string => (typeof x === "number" ? String(x) : tuple(x));
export const tuple = (x: readonly number[]): string => (x.length === 1 ? `(${x[0]},)` : `(${x.join(", ")})`);
/** One number stands for both. */
export const pairOf = (x: number | readonly number[]): readonly number[] => (typeof x === "number" ? [x, x] : x);
