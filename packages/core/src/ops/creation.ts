// Tensors from nothing but numbers. Random ones are in random.ts, values from the host in ../create.ts.
import { allocate, type DType, type Shape, toTypedArray } from "../dtype.ts";
import { defineOp } from "../op.ts";
import { record } from "../record.ts";
import { leafOf, type Tensor } from "../tensor.ts";
import { checkShape } from "./shapes.ts";

export interface CreateOptions {
  /** Default float32, unless said otherwise. */
  dtype?: DType;
}

export const fullOp = defineOp<{ shape: Shape; dtype: DType }>({
  name: "full",
  infer: (_, { shape, dtype }) => ({ shape, dtype }),
  grad: "none",
});

/** {@link full} in a shape that a tensor has. */
export const filled = (shape: Shape, value: number, dtype: DType): Tensor =>
  record(fullOp, [], { shape, dtype }, [value]);
/**
 * Every element is `value`, which may differ from run to run without a new program. float32 unless a dtype is named.
 * [torch.full](https://docs.pytorch.org/docs/stable/generated/torch.full.html)
 */
export const full = (shape: Shape, value: number, options?: CreateOptions): Tensor =>
  all("full", shape, value, options);
const all = (op: string, shape: Shape, value: number, { dtype = "float32" }: CreateOptions = {}): Tensor =>
  filled(checkShape(op, shape), value, dtype);
/** All 0. [torch.zeros](https://docs.pytorch.org/docs/stable/generated/torch.zeros.html) */
export const zeros = (shape: Shape, options?: CreateOptions): Tensor => all("zeros", shape, 0, options);
/** All 1. [torch.ones](https://docs.pytorch.org/docs/stable/generated/torch.ones.html) */
export const ones = (shape: Shape, options?: CreateOptions): Tensor => all("ones", shape, 1, options);
/** `value` in the shape and (unless named) dtype of `x`. [torch.full_like](https://docs.pytorch.org/docs/stable/generated/torch.full_like.html) */
export const fullLike = (x: Tensor, value: number, { dtype = x.dtype }: CreateOptions = {}): Tensor =>
  filled(x.shape, value, dtype);
/** 0 in the shape and dtype of `x`. [torch.zeros_like](https://docs.pytorch.org/docs/stable/generated/torch.zeros_like.html) */
export const zerosLike = (x: Tensor, options?: CreateOptions): Tensor => fullLike(x, 0, options);
/** 1 in the shape and dtype of `x`. [torch.ones_like](https://docs.pytorch.org/docs/stable/generated/torch.ones_like.html) */
export const onesLike = (x: Tensor, options?: CreateOptions): Tensor => fullLike(x, 1, options);

export const arangeOp = defineOp<{ length: number; dtype: DType }>({
  name: "arange",
  infer: (_, { length, dtype }) => ({ shape: [length], dtype }),
  grad: "none",
});

/**
 * start, start + step, … up to but without `end`. int32 if all three are whole numbers, else float32.
 * @param args `arange(end)`, `arange(start, end)` or `arange(start, end, step)`, then options.
 * @throws if `step` does not lead from start to end.
 * [torch.arange](https://docs.pytorch.org/docs/stable/generated/torch.arange.html)
 */
export function arange(end: number, options?: CreateOptions): Tensor;
export function arange(start: number, end: number, options?: CreateOptions): Tensor;
export function arange(start: number, end: number, step: number, options?: CreateOptions): Tensor;
export function arange(...args: (number | CreateOptions | undefined)[]): Tensor {
  const numbers = args.filter((a) => typeof a === "number");
  const options = args.find((a) => typeof a === "object");
  const [start, end, step = 1] = numbers.length === 1 ? [0, numbers[0]] : numbers;
  const length = Math.ceil((end - start) / step);
  if (!Number.isFinite(length) || length < 0)
    throw new Error(
      `arange: a step of ${step} does not lead from ${start} to ${end}; give the step the sign of end - start`,
    );
  const dtype = options?.dtype ?? (numbers.every(Number.isInteger) ? "int32" : "float32");
  return record(arangeOp, [], { length, dtype }, [start, step]);
}

/**
 * `steps` numbers from `start` to `end`, both included, equally far apart.
 * [torch.linspace](https://docs.pytorch.org/docs/stable/generated/torch.linspace.html)
 */
export function linspace(start: number, end: number, steps: number, { dtype = "float32" }: CreateOptions = {}): Tensor {
  const [n] = checkShape("linspace", [steps]);
  const step = (end - start) / Math.max(n - 1, 1);
  // from the nearer end, so that both are exact
  const values = Array.from({ length: n }, (_, i) => (i < n / 2 ? start + i * step : end - (n - 1 - i) * step));
  return leafOf(toTypedArray(values, dtype), [n], dtype);
}

/**
 * The identity matrix: `n` rows, `m` columns (default n), 1 where they are equal.
 * [torch.eye](https://docs.pytorch.org/docs/stable/generated/torch.eye.html)
 */
export function eye(n: number, m: number = n, { dtype = "float32" }: CreateOptions = {}): Tensor {
  const shape = checkShape("eye", [n, m]);
  const data = allocate(dtype, n * m);
  for (let i = 0; i < Math.min(n, m); i++) data[i * m + i] = 1;
  return leafOf(data, shape, dtype);
}
