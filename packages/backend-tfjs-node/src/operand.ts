// What a kernel sees: its inputs, to be asked for in the order of axes that TensorFlow's op needs, and the form of its answer.
import type { DType, Shape, Spec } from "@lamina/core";
import { type Handle, type TfType, tfType } from "./binding.ts";
import type { TensorFlow } from "./tensorflow.ts";
import { type Held, inOrder, type Order, rowMajor, type Value, type Values } from "./value.ts";

export class Operand {
  readonly shape: Shape;
  readonly dtype: DType;
  private readonly values: Values;
  private readonly value: Value;
  constructor(values: Values, value: Value, { shape, dtype }: Spec) {
    this.values = values;
    this.value = value;
    this.shape = shape;
    this.dtype = dtype;
  }
  get type(): TfType {
    return tfType(this.dtype);
  }
  /** All its elements, with the axes in `order` (default: row-major). */
  whole(order: Order = rowMajor(this.shape.length)): Handle {
    return this.values.whole(this.value, this.shape, order).handle;
  }
  /** All its elements, in an order that it already has. */
  asItIs(): Held {
    const [{ order }] = this.held();
    return this.values.whole(this.value, this.shape, order);
  }
  /** With the axes in `order`, and maybe axes of size 1 that the op is to broadcast. */
  broadcastable(order: Order): Held {
    return this.values.broadcastable(this.value, this.shape, order);
  }
  /** A fact about its numbers, found out once: a value never changes. */
  remembered(name: string, find: () => boolean): boolean {
    const known = this.value.facts.get(name) ?? find();
    this.value.facts.set(name, known);
    return known;
  }
  /** The ways in which it is held already. */
  held(): readonly Held[] {
    return this.values.under(this.value, this.shape);
  }
}

/** What a kernel makes: a tensor that holds the result in some order (default: row-major), broadcast or not. */
export interface Result {
  readonly handle: Handle;
  readonly order?: Order;
  /** Of the tensor; default: the result's shape in that order. */
  readonly dims?: Shape;
}

/** Computes one op by ops of TensorFlow's. What it makes on the way is freed when it ends. */
// biome-ignore lint/suspicious/noExplicitAny: the attributes of an op are erased here, and typed again by the kernel that names them.
export type Lowering<Attrs = any> = (
  tf: TensorFlow,
  inputs: readonly Operand[],
  attrs: Attrs,
  scalars: readonly number[],
  out: Spec,
) => Result;

/** A result as a value holds it. */
export const heldBy = ({ handle, order, dims }: Result, shape: Shape): Held => {
  const axes = order ?? rowMajor(shape.length);
  return { handle, shape, order: axes, dims: dims ?? inOrder(shape, axes) };
};
