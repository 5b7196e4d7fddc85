// Cross-correlation and convolution of plain arrays, as textbooks write them, without batch and channels: functions around conv2d.
import type { Tensor } from "../tensor.ts";
import { flip } from "./cat.ts";
import { conv2d } from "./conv2d.ts";
import { reshape } from "./shape.ts";
import { show } from "./shapes.ts";

function checkArrays(op: string, x: Tensor, k: Tensor, axes: 1 | 2): void {
  const fits = x.ndim === axes && k.ndim === axes;
  if (fits && k.shape.every((size, i) => size > 0 && x.shape[i] > 0)) return;
  throw new Error(
    `${op}: the inputs are ${show(x)} and ${show(k)}, but both must have ${axes === 1 ? "one axis" : "two axes"} that ${axes === 1 ? "is" : "are"} not empty; for batches and channels use conv2d`,
  );
}

/**
 * Two-dimensional cross-correlation, the book's `corr2d`: Y[i, j] = Σ X[i + m, j + n] K[m, n] over the kernel's m and n.
 * @param x [H, W] @param k [h, w], no larger than x
 * @returns [H - h + 1, W - w + 1]
 * [d2l.corr2d](https://d2l.ai/chapter_convolutional-neural-networks/conv-layer.html)
 */
export function corr2d(x: Tensor, k: Tensor): Tensor {
  checkArrays("corr2d", x, k, 2);
  const y = conv2d(reshape(x, [1, 1, ...x.shape]), reshape(k, [1, 1, ...k.shape]));
  return reshape(y, y.shape.slice(2));
}

export interface ConvolveOptions {
  /**
   * "full" (default): every place where both meet, as if zeros were around; "same": the middle of it, as large as the first input;
   * "valid": places where one covers the other.
   */
  mode?: "full" | "same" | "valid";
}

/**
 * Two-dimensional convolution: S[i, j] = Σ I[m, n] K[i - m, j - n]. It is the cross-correlation with the kernel turned by half a turn,
 * and commutative.
 * [scipy.signal.convolve2d](https://docs.scipy.org/doc/scipy/reference/generated/scipy.signal.convolve2d.html)
 */
export function convolve2d(x: Tensor, k: Tensor, { mode = "full" }: ConvolveOptions = {}): Tensor {
  checkArrays("convolve2d", x, k, 2);
  return convolved("convolve2d", x, k, mode);
}

/**
 * One-dimensional convolution: S[i] = Σ f[m] g[i - m].
 * [numpy.convolve](https://numpy.org/doc/stable/reference/generated/numpy.convolve.html)
 */
export function convolve(f: Tensor, g: Tensor, { mode = "full" }: ConvolveOptions = {}): Tensor {
  checkArrays("convolve", f, g, 1);
  const row = (t: Tensor): Tensor => reshape(t, [1, ...t.shape]);
  const y = convolved("convolve", row(f), row(g), mode);
  return reshape(y, y.shape.slice(1));
}

function convolved(op: string, x: Tensor, k: Tensor, mode: "full" | "same" | "valid"): Tensor {
  const [H, W] = x.shape;
  const [h, w] = k.shape;
  if (mode === "valid" && h >= H && w >= W && h * w > H * W) return convolved(op, k, x, mode); // it is commutative
  if (mode === "valid" && (h > H || w > W))
    throw new Error(
      `${op}: in mode "valid" one input must cover the other, but they are [${x.shape}] and [${k.shape}]; use "full" or "same"`,
    );
  const [top, left] = mode === "full" ? [h - 1, w - 1] : mode === "same" ? [h >> 1, w >> 1] : [0, 0];
  const [bottom, right] = mode === "same" ? [h - 1 - top, w - 1 - left] : [top, left];
  const turned = reshape(flip(k, [0, 1]), [1, 1, h, w]);
  const y = conv2d(reshape(x, [1, 1, H, W]), turned, undefined, { padding: [top, bottom, left, right] });
  return reshape(y, y.shape.slice(2));
}
