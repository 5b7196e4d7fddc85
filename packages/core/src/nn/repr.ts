// Numbers, tuples and booleans as Python writes them, so that a printed model reads as PyTorch's.

/** A float: always with a point or an exponent, and the exponent of two digits from 1e-05 down and 1e+16 up. */
export function float(x: number): string {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? "nan" : x > 0 ? "inf" : "-inf";
  const size = Math.abs(x);
  if (x !== 0 && (size < 1e-4 || size >= 1e16))
    return x.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
  return Number.isInteger(x) ? `${x}.0` : String(x);
}
export const bool = (x: boolean): string => (x ? "True" : "False");
/** Numbers as they were given: 2 or (2, 2). */
export const sizes = (x: number | readonly number[]): string => (typeof x === "number" ? String(x) : tuple(x));
export const tuple = (x: readonly number[]): string => (x.length === 1 ? `(${x[0]},)` : `(${x.join(", ")})`);
/** One number stands for both. */
export const pairOf = (x: number | readonly number[]): readonly number[] => (typeof x === "number" ? [x, x] : x);
