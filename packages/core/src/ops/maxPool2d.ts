// The largest element of each window, where it was, and the gradient, which goes there.
import { defineOp } from "../op.ts";
import { record } from "../record.ts";
import type { Tensor } from "../tensor.ts";
import { zeros } from "./creation.ts";
import { gatherOp, scatterAddOp } from "./gather.ts";
import { onBatch } from "./images.ts";
import { reshape } from "./shape.ts";
import { type Pair, pairOf, sameShape } from "./shapes.ts";
import { type PoolAttrs, type PoolOptions, poolAttrs, poolOptions } from "./windows.ts";

export interface MaxPoolAttrs extends PoolAttrs {
  readonly dilation: readonly number[];
}

export const maxPool2dOp = defineOp<MaxPoolAttrs>({
  name: "maxPool2d",
  infer: ([x], { outputSize }) => ({ shape: [x.shape[0], x.shape[1], ...outputSize], dtype: x.dtype }),
  grad: ({ inputs: [x] }, dy, attrs) => [
    () => record(maxPool2dGradOp, [dy, record(maxPool2dIndicesOp, [x], attrs)], { inputSize: x.shape.slice(2) }),
  ],
});
export const maxPool2dIndicesOp = defineOp<MaxPoolAttrs>({
  name: "maxPool2dIndices",
  infer: ([x], { outputSize }) => ({ shape: [x.shape[0], x.shape[1], ...outputSize], dtype: "int32" }),
  grad: "none",
});

/** [N,C,h,w] as [N,C,h·w]: an index counts through a plane. */
const planes = (x: Tensor): Tensor => reshape(x, [x.shape[0], x.shape[1], x.shape[2] * x.shape[3]]);
export const maxPool2dGradOp = defineOp<{ inputSize: readonly number[] }>({
  name: "maxPool2dGrad",
  infer([dy, indices], { inputSize }) {
    if (!sameShape(dy.shape, indices.shape))
      throw new Error(
        `maxPool2dGrad: dy is [${dy.shape}] but the indices are [${indices.shape}]; the two must be equal`,
      );
    return { shape: [dy.shape[0], dy.shape[1], ...inputSize], dtype: dy.dtype };
  },
  grad: ({ inputs: [dy, indices] }, dx) => [
    () => reshape(record(gatherOp, [planes(dx), planes(indices)], { axis: 2 }), dy.shape),
    null,
  ],
  decompose([dy, indices], { inputSize: [h, w] }) {
    const [n, c] = dy.shape;
    const none = zeros([n, c, h * w], { dtype: dy.dtype });
    return reshape(record(scatterAddOp, [none, planes(indices), planes(dy)], { axis: 2 }), [n, c, h, w]);
  },
});

export interface MaxPool2dOptions extends PoolOptions {
  /** How far the elements of a window lie apart (default 1). */
  dilation?: Pair;
  /** Give [result, indices] (default false). */
  returnIndices?: boolean;
}
type Rest = Omit<MaxPool2dOptions, "kernelSize">;
/**
 * The largest element of each window of x [N,C,H,W] or [C,H,W]: out[n,c,i,j] = max over k, l of
 * x[n, c, i·stride - padding + k·dilation, j·stride - padding + l·dilation]. Padding counts as -∞; NaN wins; of equal
 * elements the first gets the gradient. The indices are h·W + w, int32.
 * @throws if the window does not fit, or padding is more than half of it.
 * [torch.nn.functional.max_pool2d](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_pool2d.html)
 */
export function maxPool2d(x: Tensor, options: MaxPool2dOptions & { returnIndices: true }): [Tensor, Tensor];
export function maxPool2d(x: Tensor, options: MaxPool2dOptions & { returnIndices?: false }): Tensor;
export function maxPool2d(x: Tensor, kernelSize: Pair, options: Rest & { returnIndices: true }): [Tensor, Tensor];
export function maxPool2d(x: Tensor, kernelSize: Pair, options?: Rest & { returnIndices?: false }): Tensor;
export function maxPool2d(x: Tensor, window: Pair | MaxPool2dOptions, more?: Rest): Tensor | [Tensor, Tensor] {
  const { dilation = 1, returnIndices, ...rest } = poolOptions<MaxPool2dOptions>(window, more);
  const apart = pairOf("maxPool2d", "dilation", dilation, 1);
  const run = (op: typeof maxPool2dOp) =>
    onBatch("maxPool2d", x, (images) =>
      record(op, [images], { ...poolAttrs("maxPool2d", images.shape, rest, apart), dilation: apart }),
    );
  return returnIndices ? [run(maxPool2dOp), run(maxPool2dIndicesOp)] : run(maxPool2dOp);
}
