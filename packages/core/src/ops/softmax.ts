// Softmax and its logarithm along an axis, each with the op that is its gradient.
import { defineOp, type Op } from "../op.ts";
import { record } from "../record.ts";
import type { Tensor } from "../tensor.ts";
import { div, mul, neg, sub } from "./arithmetic.ts";
import { sum } from "./broadcast.ts";
import { toFloat } from "./cast.ts";
import { max } from "./reduce.ts";
import { axisOf, FLOATS, pointwise } from "./shapes.ts";
import { exp, log } from "./unary.ts";

export interface AxisAttrs {
  readonly axis: number;
}
const total = (x: Tensor, axis: number): Tensor => sum(x, axis, { keepDim: true });
/** x less its largest element: the same softmax, without overflow. */
const shifted = (x: Tensor, axis: number): Tensor => sub(x, max(x, axis, { keepDim: true }));

export const softmaxOp = defineOp<AxisAttrs>({
  name: "softmax",
  infer: pointwise("softmax", FLOATS),
  grad: (y, dy, attrs) => [() => record(softmaxGradOp, [dy, y], attrs)],
  decompose([x], { axis }) {
    const terms = exp(shifted(x, axis));
    return div(terms, total(terms, axis));
  },
});
export const softmaxGradOp: Op<AxisAttrs> = defineOp({
  name: "softmaxGrad",
  infer: pointwise("softmaxGrad", FLOATS),
  grad: ({ inputs: [dy, y] }, dz, attrs) => [
    () => record(softmaxGradOp, [dz, y], attrs), // it is its own adjoint
    () => softmaxGradSlope(dy, y, dz, attrs.axis),
  ],
  decompose: ([dy, y], { axis }) => mul(y, sub(dy, total(mul(dy, y), axis))),
});
/** The gradient of Σ dz·y·(dy - Σ dy·y) for y. */
const softmaxGradSlope = (dy: Tensor, y: Tensor, dz: Tensor, axis: number): Tensor =>
  sub(mul(dz, sub(dy, total(mul(dy, y), axis))), mul(dy, total(mul(dz, y), axis)));

export const logSoftmaxOp = defineOp<AxisAttrs>({
  name: "logSoftmax",
  infer: pointwise("logSoftmax", FLOATS),
  grad: (y, dy, attrs) => [() => record(logSoftmaxGradOp, [dy, y], attrs)],
  decompose([x], { axis }) {
    const less = shifted(x, axis);
    return sub(less, log(total(exp(less), axis)));
  },
});
export const logSoftmaxGradOp = defineOp<AxisAttrs>({
  name: "logSoftmaxGrad",
  infer: pointwise("logSoftmaxGrad", FLOATS),
  grad: ({ inputs: [dy, y] }, dz, { axis }) => [
    () => sub(dz, total(mul(dz, exp(y)), axis)),
    () => neg(mul(mul(dz, exp(y)), total(dy, axis))),
  ],
  decompose: ([dy, y], { axis }) => sub(dy, mul(exp(y), total(dy, axis))),
});

function along(op: typeof softmaxOp, x: Tensor, axis: number): Tensor {
  const at = axisOf(op.name, axis, x.ndim);
  const values = toFloat(x);
  return x.numel === 0 || x.ndim === 0 ? alone(op, values) : record(op, [values], { axis: at });
}
/** Of a number, and of nothing. */
const alone = (op: typeof softmaxOp, x: Tensor): Tensor => {
  const zero = sub(x, x);
  return op === softmaxOp ? exp(zero) : zero;
};

/**
 * e^x / Σ e^x along `axis` (default the last): shares that add up to 1.
 * [torch.nn.functional.softmax](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.softmax.html)
 */
export const softmax = (x: Tensor, axis = -1): Tensor => along(softmaxOp, x, axis);
/**
 * x - log Σ e^x along `axis` (default the last): the logarithm of {@link softmax}, without underflow.
 * [torch.nn.functional.log_softmax](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.log_softmax.html)
 */
export const logSoftmax = (x: Tensor, axis = -1): Tensor => along(logSoftmaxOp, x, axis);
