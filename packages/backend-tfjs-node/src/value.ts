// A buffer of this device. One value may be held by several tensors of TensorFlow's: with its axes in another order (images
// NHWC, kernels HWIO), under another shape, or not yet broadcast. Whoever needs it another way says so once, and finds it then.
import { type DType, type MemoryInfo, type Shape, sizeOf } from "@lamina/core";
import { type Handle, tfType, type as typeAttr } from "./binding.ts";
import type { TensorFlow } from "./tensorflow.ts";

/** Which axis of the value each axis of the tensor is. */
export type Order = readonly number[];

/** How a tensor of TensorFlow's holds a value. */
export interface Held {
  readonly handle: Handle;
  /** The value's shape. */
  readonly shape: Shape;
  readonly order: Order;
  /** The tensor's own shape: the value's in that order, or 1 where it is yet to be broadcast. */
  readonly dims: Shape;
}

export const rowMajor = (rank: number): Order => Array.from({ length: rank }, (_, axis) => axis);
/** `list`, which has an entry an axis of the value, by axes of the tensor. */
export const inOrder = <T>(list: readonly T[], order: Order): T[] => order.map((axis) => list[axis]);
const same = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((n, i) => n === b[i]);
const isWhole = ({ shape, order, dims }: Held): boolean => same(dims, inOrder(shape, order));

const bytesOf = (dims: Shape, dtype: DType): number =>
  sizeOf(dims) * (dtype === "float32" || dtype === "int32" ? 4 : 1);

export class Value {
  readonly dtype: DType;
  /** Empty once it has been freed. */
  readonly helds: Held[] = [];
  /** What has been found out about its numbers. */
  readonly facts = new Map<string, boolean>();
  bytes = 0;
  constructor(dtype: DType) {
    this.dtype = dtype;
  }
}

/** The values of one device. */
export class Values {
  private readonly tf: TensorFlow;
  private readonly live = new Set<Value>();
  private bytes = 0;
  private peakBytes = 0;
  constructor(tf: TensorFlow) {
    this.tf = tf;
  }

  /** A new value, which owns the tensor from now on. */
  adopt(held: Held, dtype: DType): Value {
    const value = new Value(dtype);
    this.live.add(value);
    this.add(value, held, bytesOf(held.dims, dtype));
    return value;
  }
  private add(value: Value, held: Held, bytes: number): Held {
    this.tf.keep(held.handle);
    value.helds.push(held);
    value.bytes += bytes;
    this.bytes += bytes;
    this.peakBytes = Math.max(this.peakBytes, this.bytes);
    return held;
  }
  free(value: Value): void {
    this.check(value);
    this.live.delete(value);
    this.bytes -= value.bytes;
    for (const { handle } of value.helds) this.tf.delete(handle);
    value.helds.length = 0;
  }
  freeAll(): void {
    for (const value of this.live) this.free(value);
  }
  /** @throws if it has been freed, or belongs to another device. */
  check(value: Value): void {
    if (!this.live.has(value))
      throw new Error(
        `tfjs-node: a ${value.dtype} buffer is used that was freed or is another device's; free a buffer once, after its last use`,
      );
  }
  info(): MemoryInfo {
    return { bytes: this.bytes, buffers: this.live.size, peakBytes: this.peakBytes };
  }

  // ---- the same value, held as somebody needs it ---------------------------------------------------------------------------
  /** Under `shape`, its axes in `order`, broadcast. */
  whole(value: Value, shape: Shape, order: Order): Held {
    const found = value.helds.find((h) => same(h.shape, shape) && same(h.order, order) && isWhole(h));
    return found ?? this.broadcast(value, this.broadcastable(value, shape, order));
  }
  /** Under `shape`, its axes in `order`, maybe with axes of size 1 that an op may broadcast itself. */
  broadcastable(value: Value, shape: Shape, order: Order): Held {
    const candidates = this.under(value, shape);
    return candidates.find((h) => same(h.order, order)) ?? this.reordered(value, candidates[0], order);
  }
  /** Every way in which it is held under `shape`: one at least, and first how it was made. */
  under(value: Value, shape: Shape): readonly Held[] {
    const found = value.helds.filter((h) => same(h.shape, shape));
    return found.length ? found : [this.reshaped(value, shape)];
  }

  private broadcast(value: Value, held: Held): Held {
    if (isWhole(held)) return held;
    const { shape, order } = held;
    const dims = inOrder(shape, order);
    const attrs = [typeAttr("T", tfType(value.dtype)), typeAttr("Tidx", "int32")];
    const handle = this.tf.op("BroadcastTo", attrs, [held.handle, this.tf.constant(dims)]);
    return this.add(value, { handle, shape, order, dims }, bytesOf(dims, value.dtype));
  }
  private reordered(value: Value, { handle: from, shape, order: old, dims: oldDims }: Held, order: Order): Held {
    const axes = order.map((axis) => old.indexOf(axis));
    const dims = inOrder(oldDims, axes);
    const moves = axes.filter((axis) => oldDims[axis] !== 1);
    if (moves.every((axis, i) => i === 0 || moves[i - 1] < axis))
      return this.add(value, { handle: this.tf.reshape(from, tfType(value.dtype), dims), shape, order, dims }, 0);
    const attrs = [typeAttr("T", tfType(value.dtype)), typeAttr("Tperm", "int32")];
    const handle = this.tf.op("Transpose", attrs, [from, this.tf.constant(axes)]);
    return this.add(value, { handle, shape, order, dims }, bytesOf(dims, value.dtype));
  }
  /** Row-major under another shape. One number needs no broadcasting for that. */
  private reshaped(value: Value, shape: Shape): Held {
    const order = rowMajor(shape.length);
    const one = value.helds.find((h) => sizeOf(h.dims) === 1);
    const dims = one && sizeOf(shape) > 0 ? shape.map(() => 1) : shape;
    const handle = this.tf.reshape(
      one && dims !== shape ? one.handle : this.rowMajor(value),
      tfType(value.dtype),
      dims,
    );
    return this.add(value, { handle, shape, order, dims }, 0);
  }
  private rowMajor(value: Value): Handle {
    const { shape } = value.helds.find((h) => isWhole(h) && same(h.order, rowMajor(h.order.length))) ?? value.helds[0];
    return this.whole(value, shape, rowMajor(shape.length)).handle;
  }
}
