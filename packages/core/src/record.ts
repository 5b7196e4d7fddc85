// The one door through which ops are recorded: cells become their values, shapes, dtypes and devices are checked, and what needs
// gradients is marked. What becomes of a recorded op is in pending.ts.
import { here } from "./active.ts";
import { inspectNode, isDebugging } from "./debug.ts";
import { commonHome } from "./home.ts";
import { gradEnabled } from "./mode.ts";
import type { Op } from "./op.ts";
import { enqueue, tracer } from "./pending.ts";
import { Tensor } from "./tensor.ts";

const NO_SCALARS: readonly number[] = [];

/**
 * Records `op` applied to `inputs`. Computes nothing.
 * @param scalars numbers that may differ the next time: they are no part of a program's identity.
 * @throws what the op's shape rule throws, here, on the user's line; if the inputs are on two devices.
 */
export function record<Attrs extends object>(
  op: Op<Attrs>,
  inputs: readonly Tensor[],
  attrs: Attrs,
  scalars: readonly number[] = NO_SCALARS,
): Tensor {
  const sources: Tensor[] = [];
  let requiresGrad = false;
  for (const x of inputs) {
    const { source } = x;
    requiresGrad ||= source.requiresGrad;
    sources.push(source);
  }
  const spec = op.infer(sources, attrs);
  const traced = tracer();
  const home = traced ? undefined : commonHome(op.name, sources);
  const { backend } = traced ?? home ?? here();
  if (!backend.dtypes.includes(spec.dtype))
    throw new Error(
      `${op.name}: the result would be ${spec.dtype}, but the ${backend.name} backend has only ${backend.dtypes.join(", ")}; cast first`,
    );
  const t = new Tensor(spec.shape, spec.dtype);
  // The record's attribute type is erased here, and typed again wherever the record itself reads it.
  t.op = op as unknown as Op;
  t.inputs = sources;
  t.attrs = attrs;
  t.scalars = scalars;
  t.requiresGrad = requiresGrad && op.grad !== "none" && gradEnabled();
  if (traced) traced.nodes.push(t);
  else enqueue(t, home);
  if (isDebugging()) inspectNode(t);
  return t;
}
