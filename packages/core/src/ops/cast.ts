// Changing the element type.
import { type DType, dtypes, isFloat } from "../dtype.ts";
import { defineOp } from "../op.ts";
import { record } from "../record.ts";
import type { Tensor } from "../tensor.ts";
import { detach } from "./shape.ts";

export const castOp = defineOp<{ dtype: DType }>({
  name: "cast",
  infer: ([x], { dtype }) => ({ shape: x.shape, dtype }),
  grad: (node, dy) => [() => cast(dy, node.inputs[0].dtype)],
});

/**
 * The same values in another element type. Float to integer truncates towards zero (values out of range: unspecified),
 * uint8 wraps, and everything but 0 is true. Gradients pass between floating-point types only.
 * [torch.Tensor.to](https://docs.pytorch.org/docs/stable/generated/torch.Tensor.to.html)
 */
export function cast(x: Tensor, dtype: DType): Tensor {
  if (x.dtype === dtype) return x.source;
  checkDType("cast", dtype);
  return record(castOp, [isFloat(dtype) ? x : detach(x)], { dtype });
}

/** Integers and booleans as float32, for functions whose results are fractions. */
export const toFloat = (x: Tensor): Tensor => (isFloat(x.dtype) ? x : cast(x, "float32"));

/** @throws unless `dtype` is one: a device's name, say, is none. */
export function checkDType(op: string, dtype: string): void {
  if (!(dtypes as readonly string[]).includes(dtype))
    throw new Error(
      `${op}: there is no dtype "${dtype}", but ${dtypes.join(", ")}; to move to a device pass the open backend, as in to(await wasm())`,
    );
}
