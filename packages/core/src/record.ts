// The one door through which ops are recorded: cells become their values, and what needs gradients is marked.
import { session } from "./active.ts";
import { inspectNode, isDebugging } from "./debug.ts";
import { gradEnabled } from "./mode.ts";
import type { Op } from "./op.ts";
import type { Tensor } from "./tensor.ts";

const NO_SCALARS: readonly number[] = [];

/**
 * Records `op` applied to `inputs`. Computes nothing.
 * @param scalars numbers that may differ the next time: they are no part of a program's identity.
 * @throws what the op's shape rule throws, here, on the user's line.
 */
export function record<Attrs extends object>(
  op: Op<Attrs>,
  inputs: readonly Tensor[],
  attrs: Attrs,
  scalars: readonly number[] = NO_SCALARS,
): Tensor {
  const sources = inputs.map((x) => x.source);
  const needsGrad = gradEnabled() && op.grad !== "none" && sources.some((x) => x.requiresGrad);
  // The record's attribute type is erased here, and typed again wherever the record itself reads it.
  const t = session().record(op as unknown as Op, sources, attrs, scalars, needsGrad);
  if (isDebugging()) inspectNode(t);
  return t;
}
