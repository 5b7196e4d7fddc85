// How far each op may be from the oracle: units in the last place, as a function of how many terms are added up.
// The scheme is that of the WebNN conformance tests; there is no constant that holds for everything.
import { type OpName, type Spec, sizeOf } from "@lamina/core";

/**
 * What an error is a fraction of. "result": the expected value. "terms": the same op on the absolute values of its inputs,
 * the sum that rounding errors are proportional to (|x|·|w| for a convolution: Higham, "Accuracy and Stability", 3.1).
 * "largestTerms": the largest of those sums, for algorithms that mix neighbours before they multiply (Winograd's: Higham, 23.2).
 * "largest": the largest value among inputs and results, for ops that subtract them from each other.
 */
export type Yardstick = "result" | "terms" | "largestTerms" | "largest";
export interface Tolerance {
  readonly ulps: number;
  readonly of: Yardstick;
  readonly floor?: number;
  readonly signedZero?: boolean;
}
type Rule = (inputs: readonly Spec[], attrs: never, out: Spec) => Tolerance;

/** The same number: nothing is computed. */
const moved: Rule = () => ({ ulps: 0, of: "result", signedZero: true });
/** As IEEE 754 rounds a single operation. */
const rounded: Rule = () => ({ ulps: 0.5, of: "result", signedZero: true });
/** A function that an engine approximates. */
const approximated =
  (ulps: number, floor = 0): Rule =>
  () => ({ ulps, of: "result", floor });
/** A sum of n products in any order, fused or not: n + 1 roundings of at most half a unit each way. */
const summed = (n: number): Tolerance => ({ ulps: n + 1, of: "terms" });

const sizeAlong = ({ shape }: Spec, axes: readonly number[]): number => sizeOf(axes.map((a) => shape[a]));
const taps = ({ shape: [, c, h, w] }: Spec): number => c * h * w;

const rules: Partial<Record<OpName, Rule>> = {
  div: () => ({ ulps: 0.5, of: "result" }),
  sqrt: () => ({ ulps: 0.5, of: "result" }),
  full: rounded,
  arange: rounded,
  cast: rounded,
  square: rounded,
  reciprocal: approximated(1),
  rsqrt: approximated(1.5),
  exp: approximated(2),
  expm1: approximated(4),
  log: approximated(2),
  log1p: approximated(4),
  sin: approximated(2, 2 ** -23),
  cos: approximated(2, 2 ** -23),
  tan: approximated(4),
  asin: approximated(4),
  acos: approximated(4),
  atan: approximated(4),
  atan2: approximated(4),
  sinh: approximated(4),
  cosh: approximated(4),
  tanh: approximated(4),
  erf: approximated(4),
  pow: approximated(16),
  remainder: () => ({ ulps: 1, of: "largest" }),
  sigmoid: approximated(4),
  softplus: approximated(4),
  gelu: () => ({ ulps: 4, of: "largest" }),
  silu: approximated(5, 2 ** -140),
  sigmoidGrad: approximated(2),
  tanhGrad: () => ({ ulps: 3, of: "largest" }),
  reluGrad: moved,
  sum: ([x], { axes }: { axes: readonly number[] }) => summed(sizeAlong(x, axes)),
  prod: ([x], { axes }: { axes: readonly number[] }) => ({ ulps: sizeAlong(x, axes) + 1, of: "result" }),
  scatterAdd: ([, index], { axis }: { axis: number }) => summed(index.shape[axis] + 1),
  matmul: ([x], { transposeX }: { transposeX: boolean }) => summed(x.shape[x.shape.length - (transposeX ? 2 : 1)]),
  conv2d: ([, w]) => summed(taps(w)),
  conv2dGradInput: ([, w], { groups }: { groups: number }) => summed((w.shape[0] / groups) * w.shape[2] * w.shape[3]),
  conv2dGradWeight: ([, { shape }]) => summed(shape[0] * shape[2] * shape[3]),
  avgPool2d: (_, { kernel }: { kernel: readonly number[] }) => summed(sizeOf(kernel) + 1),
  avgPool2dGrad: (_, { kernel }: { kernel: readonly number[] }) => summed(2 * sizeOf(kernel)),
  maxPool2dGrad: ([dy], _, out) => summed(sizeOf(dy.shape.slice(2)) * Math.min(1, sizeOf(out.shape))),
  softmax: ([x], { axis }: { axis: number }) => ({ ulps: 3 * x.shape[axis] + 12, of: "result", floor: 2 ** -126 }),
  logSoftmax: ([x], { axis }: { axis: number }) => ({ ulps: x.shape[axis] + 4, of: "largest" }),
  softmaxGrad: ([x], { axis }: { axis: number }) => ({ ulps: x.shape[axis] + 4, of: "largest" }),
  logSoftmaxGrad: ([x], { axis }: { axis: number }) => ({ ulps: x.shape[axis] + 4, of: "largest" }),
};
const arithmetic: readonly OpName[] = ["add", "sub", "mul"];

/** Two operands of each product are rounded to 11 bits: half a unit of 2^13 in the last place of float32, each. */
export const withHalfOperands = (tolerance: Tolerance): Tolerance => ({ ...tolerance, ulps: tolerance.ulps + 2 ** 13 });

/** Fast convolutions are exact in proportion to the largest sum: an element whose own terms are small sees its neighbours' roundings. */
export const withMixedTerms = (tolerance: Tolerance): Tolerance => ({ ...tolerance, of: "largestTerms" });

/** Of one op by its own kernel. Integers and booleans are always exact, and what is not listed moves numbers. */
export function toleranceOf(op: OpName, inputs: readonly Spec[], attrs: object, out: Spec): Tolerance {
  if (!out.dtype.startsWith("float")) return { ulps: 0, of: "result" };
  return (rules[op] ?? (arithmetic.includes(op) ? rounded : moved))(inputs, attrs as never, out);
}

/** Of one op made of others: each of them rounds once more, and what cancels is measured by the largest value in it. */
export function decomposedTolerance(direct: Tolerance, instructions: number): Tolerance {
  const { ulps, of } = direct;
  return { ulps: 2 * ulps + instructions, of: of === "terms" ? "terms" : "largest", floor: direct.floor ?? 0 };
}

/** Of a graph of ops: `terms` is the length of its longest sum. Measured by the largest value of the result. */
export const graphTolerance = (terms: number): number => 8 + terms / 2;
