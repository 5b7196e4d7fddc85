// Tensors on the host as rows, so that batches are gathered by copying memory and no device is asked.
import { type DType, type Shape, sizeOf, type Tensor, type TypedArray, tensor } from "@lamina/core";

/** `count` values of one shape and dtype, one after the other. */
export class Rows {
  readonly data: TypedArray;
  readonly count: number;
  /** The shape of one. */
  readonly shape: Shape;
  readonly dtype: DType;
  constructor(data: TypedArray, count: number, shape: Shape, dtype: DType) {
    this.data = data;
    this.count = count;
    this.shape = shape;
    this.dtype = dtype;
  }
  /** All of them: shape [count, ...shape]. */
  tensor(): Tensor {
    return tensor(this.data, { shape: [this.count, ...this.shape], dtype: this.dtype });
  }
  /** The only one, without the leading axis. */
  first(): Tensor {
    return tensor(this.data, { shape: this.shape, dtype: this.dtype });
  }
}

/** The rows of a tensor along its first axis. */
export async function rowsOf(t: Tensor): Promise<Rows> {
  return new Rows(await t.data(), t.shape[0], t.shape.slice(1), t.dtype);
}

/** Chosen rows, in the order of `indices`. */
export function gather({ data, shape, dtype }: Rows, indices: Int32Array): Rows {
  const size = sizeOf(shape);
  const chosen = new (data.constructor as new (length: number) => TypedArray)(indices.length * size);
  indices.forEach((index, row) => {
    chosen.set(data.subarray(index * size, (index + 1) * size), row * size);
  });
  return new Rows(chosen, indices.length, shape, dtype);
}
