// tensor(): values from the host. What computes its values is in ops/creation.ts.
import { type Parameter, parameterOf } from "./cell.ts";
import type { TypedArray } from "./dtype.ts";
import { type Nested, type Tensor, type TensorOptions, tensorFrom } from "./tensor.ts";

/**
 * A tensor with the given values, as `torch.tensor`. Copies.
 * @param data a number, nested arrays, or a typed array.
 * @param options.shape defaults to the nesting, or to [data.length] for typed arrays.
 * @param options.dtype defaults to float32 for numbers (and Float64Array), bool for booleans, int32 and uint8 for those arrays.
 * @param options.requiresGrad gives a {@link Parameter}: backward() leaves gradients in its `grad`.
 * @throws if rows are ragged or the values do not fill the shape.
 */
export function tensor(data: Nested | TypedArray, options: TensorOptions & { requiresGrad: true }): Parameter;
export function tensor(data: Nested | TypedArray, options?: TensorOptions & { requiresGrad?: boolean }): Tensor;
export function tensor(data: Nested | TypedArray, options: TensorOptions & { requiresGrad?: boolean } = {}): Tensor {
  const t = tensorFrom(data, options);
  return options.requiresGrad ? parameterOf(t) : t;
}
