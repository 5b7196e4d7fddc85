// The op record: all that core knows about an op. How to compute it is the backend's business.
import type { Spec } from "./dtype.ts";
import type { Tensor } from "./tensor.ts";

/** `Attrs` is what is fixed about one use: part of a program's identity, so integers, booleans, strings and lists of integers. */
export interface Op<Attrs extends object = object> {
  readonly name: string;
  /** Result shape and dtype. Throws, naming op, both values and the way out, if the inputs do not fit. */
  infer(inputs: readonly Spec[], attrs: Attrs): Spec;
  /**
   * One gradient per input as graph, made only if asked for; null where an input gets none.
   * "none" for ops without a derivative, such as comparisons and everything that returns integers.
   */
  readonly grad: "none" | ((node: Tensor, dy: Tensor, attrs: Attrs) => readonly ((() => Tensor) | null)[]);
  /** The same value from simpler ops. An op that has one is optional for backends; one without is required. Takes no scalars. */
  readonly decompose?: (inputs: readonly Tensor[], attrs: Attrs) => Tensor;
  /** The result is the input's buffer under another shape: core resolves it and no backend sees it. */
  readonly alias?: true;
}

/** Ties a record to its attribute type. */
export const defineOp = <Attrs extends object>(op: Op<Attrs>): Op<Attrs> => op;
