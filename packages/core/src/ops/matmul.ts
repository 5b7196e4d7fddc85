// Matrix products: one record for stacks of matrices of equal rank; vectors and broadcasting are brought to that here.
import { promote, type Shape, type Spec, sizeOf } from "../dtype.ts";
import { defineOp } from "../op.ts";
import { record } from "../record.ts";
import type { Tensor } from "../tensor.ts";
import { add } from "./arithmetic.ts";
import { expand } from "./broadcast.ts";
import { cast } from "./cast.ts";
import { reshape } from "./shape.ts";
import { broadcastShapes, checkFloat, sameShape, show } from "./shapes.ts";

export interface MatmulAttrs {
  /** The last two axes of x (of y) are stored the other way round. */
  readonly transposeX: boolean;
  readonly transposeY: boolean;
}
/** [rows, columns] of the matrices in x. */
function matrixOf(x: Spec, transposed: boolean): readonly [number, number] {
  const [a, b] = x.shape.slice(-2);
  return transposed ? [b, a] : [a, b];
}
export const matmulOp = defineOp<MatmulAttrs>({
  name: "matmul",
  infer([x, y], { transposeX, transposeY }) {
    checkFloat("matmul", "x", x);
    checkFloat("matmul", "y", y);
    const [m, k] = matrixOf(x, transposeX);
    const [rows, n] = matrixOf(y, transposeY);
    if (k !== rows)
      throw new Error(
        `matmul: x has ${k} columns but y has ${rows} rows (x [${x.shape}]${transposeX ? " transposed" : ""}, y [${y.shape}]${transposeY ? " transposed" : ""}); they must be equal`,
      );
    const lead = x.shape.slice(0, -2);
    if (x.dtype !== y.dtype || !sameShape(lead, y.shape.slice(0, -2)))
      throw new Error(`matmul: x is ${show(x)} but y is ${show(y)}; dtype and all axes but the last two must be equal`);
    return { shape: [...lead, m, n], dtype: x.dtype };
  },
  grad: ({ inputs: [x, y] }, dy, { transposeX, transposeY }) => [
    () => (transposeX ? multiply(y, dy, transposeY, true) : multiply(dy, y, false, !transposeY)),
    () => (transposeY ? multiply(dy, x, true, transposeX) : multiply(x, dy, !transposeX, false)),
  ],
});
/** The record itself: matrices of equal rank, leading axes equal. */
export const multiply = (x: Tensor, y: Tensor, transposeX = false, transposeY = false): Tensor =>
  record(matmulOp, [x, y], { transposeX, transposeY });

/** Two stacks of matrices whose leading axes broadcast. */
function multiplyStacks(x: Tensor, y: Tensor): Tensor {
  // one matrix for a whole stack: its rows are the rows of one tall matrix
  if (y.ndim === 2 && x.ndim > 2)
    return unfold(multiply(reshape(x, [rowsOf(x.shape), x.shape[x.ndim - 1]]), y), x.shape);
  const lead = broadcastShapes("matmul", x.shape.slice(0, -2), y.shape.slice(0, -2));
  return multiply(expand(x, [...lead, ...x.shape.slice(-2)]), expand(y, [...lead, ...y.shape.slice(-2)]));
}
const rowsOf = (shape: Shape): number => sizeOf(shape.slice(0, -1));
const unfold = (rows: Tensor, shape: Shape): Tensor => reshape(rows, [...shape.slice(0, -1), rows.shape[1]]);

/**
 * The matrix product: out[i,k] = Σ_j x[i,j]·y[j,k]. Two vectors give their dot product; a vector is a row on the left, a
 * column on the right, and its axis goes; leading axes are stacks of matrices, and broadcast.
 * @throws if x's columns are not y's rows, a tensor is 0-d or not floating point, or stacks do not broadcast.
 * [torch.matmul](https://docs.pytorch.org/docs/stable/generated/torch.matmul.html)
 */
export function matmul(x: Tensor, y: Tensor): Tensor {
  if (x.ndim === 0 || y.ndim === 0)
    throw new Error(
      `matmul: x is [${x.shape}] and y is [${y.shape}], but both need at least one axis; use mul() for numbers`,
    );
  checkFloat("matmul", "x", x);
  checkFloat("matmul", "y", y);
  const dtype = promote(x.dtype, y.dtype);
  const left = x.ndim === 1 ? reshape(x, [1, x.numel]) : x;
  const right = y.ndim === 1 ? reshape(y, [y.numel, 1]) : y;
  const product = multiplyStacks(cast(left, dtype), cast(right, dtype));
  const { shape } = product;
  const lead = shape.slice(0, -2);
  return reshape(product, [
    ...lead,
    ...(x.ndim === 1 ? [] : [shape[lead.length]]),
    ...(y.ndim === 1 ? [] : [shape[lead.length + 1]]),
  ]);
}

/**
 * y = x·wᵀ + bias: x […, in], w [out, in], bias [out] or none; the result is […, out].
 * @throws if sizes do not fit.
 * [torch.nn.functional.linear](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.linear.html)
 */
export function linear(x: Tensor, w: Tensor, bias?: Tensor): Tensor {
  checkFloat("linear", "x", x);
  if (w.ndim !== 2 || x.ndim === 0 || x.shape[x.ndim - 1] !== w.shape[1])
    throw new Error(
      `linear: x has ${x.shape[x.ndim - 1] ?? "no"} features but w expects ${w.shape[1] ?? "none"} (x [${x.shape}], w [${w.shape}]); w is [out, in], and x ends in [in]`,
    );
  if (bias && !sameShape(bias.shape, [w.shape[0]]))
    throw new Error(
      `linear: bias is [${bias.shape}] but w has ${w.shape[0]} rows (w [${w.shape}]); bias must be [${w.shape[0]}]`,
    );
  const y = multiply(x.ndim === 2 ? x : reshape(x, [rowsOf(x.shape), w.shape[1]]), w, false, true);
  return unfold(bias ? add(y, bias) : y, x.shape);
}
