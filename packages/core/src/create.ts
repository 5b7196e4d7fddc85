// tensor(): values from the host. What computes its values is in ops/creation.ts.
import { Parameter } from "./cell.ts";
import { type DType, type Shape, sizeOf, type TypedArray, toTypedArray } from "./dtype.ts";
import { leafOf, type Tensor } from "./tensor.ts";

/** Numbers or booleans, nested as the axes are. */
export type Nested<T = number | boolean> = T | readonly Nested<T>[];

const isList = (x: unknown): x is ArrayLike<unknown> => Array.isArray(x) || ArrayBuffer.isView(x);

function shapeOf(data: unknown): number[] {
  const shape: number[] = [];
  for (let level = data; isList(level); level = level[0]) shape.push(level.length);
  return shape;
}
function flattenInto(out: (number | boolean)[], data: unknown, shape: Shape, axis: number): void {
  if (axis === shape.length) {
    if (typeof data !== "number" && typeof data !== "boolean")
      throw new Error(
        `tensor: expected a number or boolean at depth ${axis} but found ${isList(data) ? "a list" : String(data)}; all rows must be nested equally deep`,
      );
    out.push(data);
    return;
  }
  if (!isList(data) || data.length !== shape[axis])
    throw new Error(
      `tensor: a row at depth ${axis} has ${isList(data) ? data.length : "no"} elements but the first one has ${shape[axis]}; make all rows equally long`,
    );
  for (let i = 0; i < data.length; i++) flattenInto(out, data[i], shape, axis + 1);
}

function dtypeOf(data: TypedArray): DType {
  if (data instanceof Int32Array) return "int32";
  return data instanceof Uint8Array ? "uint8" : "float32";
}

export interface TensorOptions {
  shape?: Shape;
  dtype?: DType;
}

function leafFrom(data: Nested | TypedArray, { shape, dtype }: TensorOptions): Tensor {
  let flat: ArrayLike<number>;
  let natural: Shape;
  let found: DType = "float32";
  if (ArrayBuffer.isView(data)) {
    flat = data as TypedArray;
    natural = [flat.length];
    found = dtypeOf(data as TypedArray);
  } else {
    natural = shapeOf(data);
    const values: (number | boolean)[] = [];
    flattenInto(values, data, natural, 0);
    if (values.length > 0 && values.every((v) => typeof v === "boolean")) found = "bool";
    flat = values as number[];
  }
  const target = shape ?? natural;
  if (sizeOf(target) !== flat.length)
    throw new Error(
      `tensor: ${flat.length} values do not fill shape [${target}] of ${sizeOf(target)} elements; pass a shape with ${flat.length} elements`,
    );
  return leafOf(toTypedArray(flat, dtype ?? found), [...target], dtype ?? found);
}

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
  const leaf = leafFrom(data, options);
  return options.requiresGrad ? new Parameter(leaf) : leaf;
}
