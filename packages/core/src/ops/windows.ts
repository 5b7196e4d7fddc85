// The options that all pooling shares, and PyTorch's rule for how many windows there are.
import { placesText } from "./convOutputSize.ts";
import { type Pair, pairOf } from "./shapes.ts";

export interface PoolOptions {
  /** The size of the window. */
  kernelSize: Pair;
  /** How far it moves (default: its size). */
  stride?: Pair;
  /** On both sides, at most half a window (default 0). */
  padding?: Pair;
  /** Count a last window that runs over the bottom or right edge (default false). */
  ceilMode?: boolean;
}
/** A window is its size, `maxPool2d(x, 2)`, its size and the rest, `maxPool2d(x, 3, { stride: 2 })`, or all by name. */
export const poolOptions = <T extends PoolOptions>(options: Pair | T, rest: Omit<T, "kernelSize"> | undefined): T =>
  typeof options === "object" && "kernelSize" in options ? options : ({ kernelSize: options, ...rest } as unknown as T);

/** What pooling kernels are told, each [height, width]. */
export interface PoolAttrs {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly outputSize: readonly number[];
}

/** The last window must start inside the image or its left (top) padding. */
function places(
  n: number,
  kernel: number,
  stride: number,
  padding: number,
  dilation: number,
  ceilMode: boolean,
): number {
  const room = n + 2 * padding - dilation * (kernel - 1) - 1;
  const out = Math.floor((room + (ceilMode ? stride - 1 : 0)) / stride) + 1;
  return ceilMode && (out - 1) * stride >= n + padding ? out - 1 : out;
}

export function poolAttrs(
  op: string,
  [, , h, w]: readonly number[],
  { kernelSize, stride = kernelSize, padding = 0, ceilMode = false }: PoolOptions,
  dilation: readonly number[] = [1, 1],
): PoolAttrs {
  const kernel = pairOf(op, "kernelSize", kernelSize, 1);
  const step = pairOf(op, "stride", stride, 1);
  const around = pairOf(op, "padding", padding, 0);
  if (around.some((p, i) => p > Math.floor(kernel[i] / 2)))
    throw new Error(
      `${op}: padding [${around}] is more than half of the window [${kernel}]; use at most half, or pad() first`,
    );
  const outputSize = [h, w].map((n, i) => places(n, kernel[i], step[i], around[i], dilation[i], ceilMode));
  const side = outputSize.findIndex((n) => n < 1);
  if (side >= 0)
    throw new Error(
      `${op}: a window of ${kernel[0]} x ${kernel[1]} (dilation ${dilation}) does not fit an image of ${h} x ${w} with padding [${around}]: the result's ${side ? "width" : "height"} would be ${placesText([h, w][side], kernel[side], step[side], 2 * around[side], dilation[side])}; use a smaller one`,
    );
  return { kernel, stride: step, padding: around, outputSize };
}
