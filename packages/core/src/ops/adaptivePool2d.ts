// Pooling to a given size, whatever the input's.
import type { Tensor } from "../tensor.ts";
import { avgPool2d } from "./avgPool2d.ts";
import { cat } from "./cat.ts";
import { onBatch } from "./images.ts";
import { maxPool2d } from "./maxPool2d.ts";
import { mean } from "./reduce.ts";
import { cutAxis } from "./slice.ts";

/** Of the result; null keeps the input's size. */
export type OutputSize = number | readonly [number | null, number | null];

function sizesOf(op: string, size: OutputSize, [, , h, w]: readonly number[]): [number, number] {
  const [a, b] = typeof size === "number" ? [size, size] : size;
  const out: [number, number] = [a ?? h, b ?? w];
  if (out.some((n) => !Number.isInteger(n) || n < 1) || h < 1 || w < 1)
    throw new Error(
      `${op}: cannot pool ${h} x ${w} to ${JSON.stringify(size)}; pass whole numbers, 1 or more, or null to keep a size`,
    );
  return out;
}
/** Place i of `out` covers floor(i·n/out) up to ceil((i+1)·n/out). Each is pooled by itself: no other element touches it. */
function alongAxis(x: Tensor, axis: number, out: number, pool: (part: Tensor) => Tensor): Tensor {
  const n = x.shape[axis];
  if (n === out) return x;
  const parts = Array.from({ length: out }, (_, i) => {
    const from = Math.floor((i * n) / out);
    return pool(cutAxis(x, axis, from, Math.ceil(((i + 1) * n) / out) - from));
  });
  return cat(parts, axis);
}
const divides = ([, , h, w]: readonly number[], [oh, ow]: readonly number[]): boolean => h % oh === 0 && w % ow === 0;

/**
 * Averages x [N,C,H,W] or [C,H,W] over windows that make the result `size` large: place i covers rows floor(i·H/oh) to
 * ceil((i + 1)·H/oh), likewise columns.
 * @throws if a size is not positive.
 * [torch.nn.functional.adaptive_avg_pool2d](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_avg_pool2d.html)
 */
export const adaptiveAvgPool2d = (x: Tensor, size: OutputSize): Tensor =>
  onBatch("adaptiveAvgPool2d", x, (images) => {
    const out = sizesOf("adaptiveAvgPool2d", size, images.shape);
    const [, , h, w] = images.shape;
    if (divides(images.shape, out)) return avgPool2d(images, [h / out[0], w / out[1]]);
    const columns = alongAxis(images, 3, out[1], (part) => mean(part, 3, { keepDim: true }));
    return alongAxis(columns, 2, out[0], (part) => mean(part, 2, { keepDim: true }));
  });

/**
 * As {@link adaptiveAvgPool2d} with the largest element; the first of equals gets the gradient.
 * @throws if a size is not positive.
 * [torch.nn.functional.adaptive_max_pool2d](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_max_pool2d.html)
 */
export const adaptiveMaxPool2d = (x: Tensor, size: OutputSize): Tensor =>
  onBatch("adaptiveMaxPool2d", x, (images) => {
    const out = sizesOf("adaptiveMaxPool2d", size, images.shape);
    const [, , h, w] = images.shape;
    if (divides(images.shape, out)) return maxPool2d(images, [h / out[0], w / out[1]]);
    // columns first: of equals, the one in the first row is found, and in it the first
    const columns = alongAxis(images, 3, out[1], (part) => maxPool2d(part, [1, part.shape[3]]));
    return alongAxis(columns, 2, out[0], (part) => maxPool2d(part, [part.shape[2], 1]));
  });

/**
 * The average of each channel: x [N,C,H,W] → [N,C,1,1], or [C,H,W] → [C,1,1]. Lin, Chen & Yan, "Network In Network", 2013.
 * [torch.nn.AdaptiveAvgPool2d](https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool2d.html) with 1.
 */
export const globalAvgPool2d = (x: Tensor): Tensor =>
  onBatch("globalAvgPool2d", x, (images) => mean(images, [2, 3], { keepDim: true }));
