// How many places a window has along an axis: the formula of convolutions and pools, and what it says when there are none.

export interface SizeOptions {
  kernel: number;
  /** Default 1. */
  stride?: number;
  /** On both sides together (default 0), or "same": as much as gives ceil(n / stride) places. */
  padding?: number | "same";
  /** How far the taps of the kernel lie apart (default 1). */
  dilation?: number;
}

/** From the first tap to the last. */
const reach = (kernel: number, dilation: number): number => dilation * (kernel - 1) + 1;

/** Zeros before and after so that there are ceil(n / stride) windows; the odd one, which an even kernel needs, goes after. */
export function samePadding(n: number, kernel: number, stride: number, dilation: number): [number, number] {
  const total = Math.max(0, (Math.ceil(n / stride) - 1) * stride + reach(kernel, dilation) - n);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}
/** The formula; what it gives may be 0 or less. */
export const placesOf = (n: number, kernel: number, stride: number, padding: number, dilation: number): number =>
  Math.floor((n + padding - reach(kernel, dilation) + stride) / stride);

/** The formula with its numbers in it: `floor((2 + 0 - 3 + 1) / 1) = 0`. */
export function placesText(n: number, kernel: number, stride: number, padding: number, dilation: number): string {
  const k = dilation === 1 ? `${kernel}` : `(${dilation}·(${kernel} - 1) + 1)`;
  return `floor((${n} + ${padding} - ${k} + ${stride}) / ${stride}) = ${placesOf(n, kernel, stride, padding, dilation)}`;
}

/**
 * The size of a convolution's result along an axis of size n, with p zeros on both sides together, a kernel of k and a stride
 * of s: `n + p - k + 1` places at stride 1, `floor((n + p - k + s) / s)` at any; with a dilation d, the kernel reaches over
 * d·(k - 1) + 1. With p = k - 1 ("same" at stride 1) the size stays; "same" gives ceil(n / s) for odd and even kernels.
 * @throws if no place is left.
 */
export function convOutputSize(n: number, { kernel, stride = 1, padding = 0, dilation = 1 }: SizeOptions): number {
  const [before, after] = padding === "same" ? samePadding(n, kernel, stride, dilation) : [0, padding];
  const places = placesOf(n, kernel, stride, before + after, dilation);
  if (places < 1)
    throw new Error(
      `convOutputSize: ${placesText(n, kernel, stride, before + after, dilation)} places are left of ${n}; use a smaller kernel or more padding`,
    );
  return places;
}
