// Ops as methods, x.add(y).relu().sum() as in PyTorch: which function each name stands for. What it computes is said at
// the function.
import type { Backend } from "./backend.ts";
import type { DType, Shape } from "./dtype.ts";
import { backward } from "./grad.ts";
import { move } from "./move.ts";
import type { Bounds } from "./ops/arithmetic.ts";
import type { ReduceOptions } from "./ops/broadcast.ts";
import * as f from "./ops/functions.ts";
import type { Operand } from "./ops/operands.ts";
import type { NormOptions, VarOptions } from "./ops/reduce.ts";
import type { Axes } from "./ops/shapes.ts";
import type { Index } from "./ops/slice.ts";
import { Tensor } from "./tensor.ts";

/** Sizes one by one or as a list: `x.reshape(2, 3)`, `x.reshape([2, 3])`. */
export type Sizes = number[] | [Shape];

/** The methods that ops give every tensor, by the names of torch.Tensor's. Each does what the function of its name does. */
export interface TensorMethods {
  // ---- arithmetic
  add(y: Operand): Tensor;
  sub(y: Operand): Tensor;
  mul(y: Operand): Tensor;
  div(y: Operand): Tensor;
  pow(exponent: Operand): Tensor;
  remainder(y: Operand): Tensor;
  maximum(y: Operand): Tensor;
  minimum(y: Operand): Tensor;
  clamp(bounds: Bounds): Tensor;
  neg(): Tensor;
  abs(): Tensor;
  sign(): Tensor;
  square(): Tensor;
  reciprocal(): Tensor;
  // ---- functions of each element
  sqrt(): Tensor;
  rsqrt(): Tensor;
  exp(): Tensor;
  expm1(): Tensor;
  log(): Tensor;
  log1p(): Tensor;
  log2(): Tensor;
  log10(): Tensor;
  sin(): Tensor;
  cos(): Tensor;
  tan(): Tensor;
  asin(): Tensor;
  acos(): Tensor;
  atan(): Tensor;
  /** The angle of the point (x, this). */
  atan2(x: Operand): Tensor;
  sinh(): Tensor;
  cosh(): Tensor;
  tanh(): Tensor;
  erf(): Tensor;
  floor(): Tensor;
  ceil(): Tensor;
  round(): Tensor;
  trunc(): Tensor;
  relu(): Tensor;
  sigmoid(): Tensor;
  softmax(axis?: number): Tensor;
  logSoftmax(axis?: number): Tensor;
  // ---- comparisons and logic
  /** {@link f.equal} */
  eq(y: Operand): Tensor;
  /** {@link f.notEqual} */
  ne(y: Operand): Tensor;
  /** {@link f.less} */
  lt(y: Operand): Tensor;
  /** {@link f.lessEqual} */
  le(y: Operand): Tensor;
  /** {@link f.greater} */
  gt(y: Operand): Tensor;
  /** {@link f.greaterEqual} */
  ge(y: Operand): Tensor;
  /** This value where `condition` is true, else y. */
  where(condition: Tensor, y: Operand): Tensor;
  logicalAnd(y: Tensor): Tensor;
  logicalOr(y: Tensor): Tensor;
  logicalXor(y: Tensor): Tensor;
  logicalNot(): Tensor;
  isNaN(): Tensor;
  isFinite(): Tensor;
  isInf(): Tensor;
  // ---- reductions
  sum(axes?: Axes, options?: ReduceOptions): Tensor;
  mean(axes?: Axes, options?: ReduceOptions): Tensor;
  prod(axes?: Axes, options?: ReduceOptions): Tensor;
  max(axes?: Axes, options?: ReduceOptions): Tensor;
  min(axes?: Axes, options?: ReduceOptions): Tensor;
  any(axes?: Axes, options?: ReduceOptions): Tensor;
  all(axes?: Axes, options?: ReduceOptions): Tensor;
  var(axes?: Axes, options?: VarOptions): Tensor;
  std(axes?: Axes, options?: VarOptions): Tensor;
  norm(axes?: Axes, options?: NormOptions): Tensor;
  logsumexp(axes?: Axes, options?: ReduceOptions): Tensor;
  argmax(axis?: number, options?: ReduceOptions): Tensor;
  argmin(axis?: number, options?: ReduceOptions): Tensor;
  cumsum(axis: number): Tensor;
  sort(axis?: number, options?: f.SortOptions): f.Sorted;
  argsort(axis?: number, options?: f.SortOptions): Tensor;
  topk(k: number, axis?: number, options?: { largest?: boolean }): f.Sorted;
  // ---- shape
  reshape(...shape: Sizes): Tensor;
  /** {@link f.reshape} */
  view(...shape: Sizes): Tensor;
  permute(...axes: Sizes): Tensor;
  expand(...shape: Sizes): Tensor;
  tile(...repeats: Sizes): Tensor;
  /** {@link f.tile} */
  repeat(...repeats: Sizes): Tensor;
  clone(): Tensor;
  flatten(startDim?: number, endDim?: number): Tensor;
  transpose(axis0?: number, axis1?: number): Tensor;
  squeeze(axes?: Axes): Tensor;
  unsqueeze(axis: number): Tensor;
  flip(axes?: Axes): Tensor;
  split(size: number | readonly number[], axis?: number): Tensor[];
  chunk(chunks: number, axis?: number): Tensor[];
  /** `x.at(0, [1, 3])` is Python's `x[0, 1:3]`. */
  at(...indices: Index[]): Tensor;
  narrow(axis: number, start: number, length: number): Tensor;
  slice(axis: number, start?: number | null, stop?: number | null, step?: number): Tensor;
  select(axis: number, index: number): Tensor;
  gather(axis: number, index: Tensor): Tensor;
  indexSelect(axis: number, index: Tensor | readonly number[]): Tensor;
  scatterAdd(axis: number, index: Tensor, src: Tensor): Tensor;
  // ---- matrices
  matmul(y: Tensor): Tensor;
  /** {@link f.matmul} */
  mm(y: Tensor): Tensor;
  // ---- types and gradients
  /** In another dtype, or a copy on another device (without history; what is on the host is returned as it is, and goes anywhere). */
  to(target: DType | Backend): Tensor;
  float(): Tensor;
  int(): Tensor;
  bool(): Tensor;
  detach(): Tensor;
  /** Adds gradients up in the parameters this was computed from. */
  backward(dy?: Tensor): void;
}

declare module "./tensor.ts" {
  interface Tensor extends TensorMethods {
    /** The shape. */
    size(): Shape;
    /** One size of it; negative axes count from the end. */
    size(axis: number): number;
    /** The axes in reverse order: the transpose of a matrix. */
    readonly T: Tensor;
  }
}

const listed = (sizes: Sizes): Shape => (typeof sizes[0] === "object" ? sizes[0] : (sizes as number[]));

type AsFunctions = {
  [K in keyof TensorMethods]: (x: Tensor, ...args: Parameters<TensorMethods[K]>) => ReturnType<TensorMethods[K]>;
};
const methods: AsFunctions = {
  add: f.add,
  sub: f.sub,
  mul: f.mul,
  div: f.div,
  pow: f.pow,
  remainder: f.remainder,
  maximum: f.maximum,
  minimum: f.minimum,
  clamp: f.clamp,
  neg: f.neg,
  abs: f.abs,
  sign: f.sign,
  square: f.square,
  reciprocal: f.reciprocal,
  sqrt: f.sqrt,
  rsqrt: f.rsqrt,
  exp: f.exp,
  expm1: f.expm1,
  log: f.log,
  log1p: f.log1p,
  log2: f.log2,
  log10: f.log10,
  sin: f.sin,
  cos: f.cos,
  tan: f.tan,
  asin: f.asin,
  acos: f.acos,
  atan: f.atan,
  atan2: f.atan2,
  sinh: f.sinh,
  cosh: f.cosh,
  tanh: f.tanh,
  erf: f.erf,
  floor: f.floor,
  ceil: f.ceil,
  round: f.round,
  trunc: f.trunc,
  relu: f.relu,
  sigmoid: f.sigmoid,
  softmax: f.softmax,
  logSoftmax: f.logSoftmax,
  eq: f.equal,
  ne: f.notEqual,
  lt: f.less,
  le: f.lessEqual,
  gt: f.greater,
  ge: f.greaterEqual,
  where: (x, condition, y) => f.where(condition, x, y),
  logicalAnd: f.logicalAnd,
  logicalOr: f.logicalOr,
  logicalXor: f.logicalXor,
  logicalNot: f.logicalNot,
  isNaN: f.isNaN,
  isFinite: f.isFinite,
  isInf: f.isInf,
  sum: f.sum,
  mean: f.mean,
  prod: f.prod,
  max: f.max,
  min: f.min,
  any: f.any,
  all: f.all,
  var: f.var,
  std: f.std,
  norm: f.norm,
  logsumexp: f.logsumexp,
  argmax: f.argmax,
  argmin: f.argmin,
  cumsum: f.cumsum,
  sort: f.sort,
  argsort: f.argsort,
  topk: f.topk,
  reshape: (x, ...shape) => f.reshape(x, listed(shape)),
  view: (x, ...shape) => f.reshape(x, listed(shape)),
  permute: (x, ...axes) => f.permute(x, listed(axes)),
  expand: (x, ...shape) => f.expand(x, listed(shape)),
  tile: (x, ...repeats) => f.tile(x, listed(repeats)),
  repeat: (x, ...repeats) => f.tile(x, listed(repeats)),
  clone: f.clone,
  flatten: f.flatten,
  transpose: f.transpose,
  squeeze: f.squeeze,
  unsqueeze: f.unsqueeze,
  flip: f.flip,
  split: f.split,
  chunk: f.chunk,
  at: f.at,
  narrow: f.narrow,
  slice: f.slice,
  select: f.select,
  gather: f.gather,
  indexSelect: f.indexSelect,
  scatterAdd: f.scatterAdd,
  matmul: f.matmul,
  mm: f.matmul,
  to: (x, target) => (typeof target === "string" ? f.cast(x, target) : move(x, target)),
  float: (x) => f.cast(x, "float32"),
  int: (x) => f.cast(x, "int32"),
  bool: (x) => f.cast(x, "bool"),
  detach: f.detach,
  backward,
};

function sizeOfAxis(x: Tensor, axis?: number): Shape | number {
  if (axis === undefined) return x.shape;
  const n = x.shape.at(axis);
  if (n === undefined)
    throw new Error(`size: axis ${axis} does not exist in [${x.shape}]; use ${-x.ndim} to ${x.ndim - 1}`);
  return n;
}

/** Gives tensors their methods. Doing it again changes nothing. */
export function attachMethods(): void {
  for (const [name, method] of Object.entries({ ...methods, size: sizeOfAxis })) {
    // Each method is typed in TensorMethods; here they are all one thing, a function of a tensor and the rest.
    const apply = method as (x: Tensor, ...args: unknown[]) => unknown;
    Object.defineProperty(Tensor.prototype, name, {
      value(this: Tensor, ...args: unknown[]) {
        return apply(this, ...args);
      },
      configurable: true,
      writable: true,
    });
  }
  Object.defineProperty(Tensor.prototype, "T", {
    get(this: Tensor) {
      return f.permute(
        this,
        this.shape.map((_, i) => this.ndim - 1 - i),
      );
    },
    configurable: true,
  });
}

// At import, so that a method called before setBackend() can say what is missing; and by setBackend(), so that bundlers,
// who drop what nobody calls, keep this file.
attachMethods();
