// How many parameters a convolution has, and how many a fully connected layer between the same shapes would have.

export interface CountOptions {
  /** Count a bias for each output channel, or each output (default false, as the formulas are written). */
  bias?: boolean;
}
export interface ConvCountOptions extends CountOptions {
  /** Default 1. */
  groups?: number;
}
type ImageShape = readonly [channels: number, height: number, width: number];

/** c1·c2·h·w weights: of a convolution from c1 to c2 channels by a kernel of h x w, whatever the size of the image. */
export function convParameterCount(
  inChannels: number,
  outChannels: number,
  kernelSize: number | readonly [number, number],
  { bias = false, groups = 1 }: ConvCountOptions = {},
): number {
  const [h, w] = typeof kernelSize === "number" ? [kernelSize, kernelSize] : kernelSize;
  return (inChannels / groups) * outChannels * h * w + (bias ? outChannels : 0);
}
/** c1·c2·h1·w1·h2·w2 weights: of a fully connected layer from an image of [c1, h1, w1] to one of [c2, h2, w2]. */
export function fullyConnectedParameterCount(
  [c1, h1, w1]: ImageShape,
  [c2, h2, w2]: ImageShape,
  { bias = false }: CountOptions = {},
): number {
  return c1 * c2 * h1 * w1 * h2 * w2 + (bias ? c2 * h2 * w2 : 0);
}
