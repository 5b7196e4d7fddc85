// What all ops on images share: [N,C,H,W], or [C,H,W] for a single one.
import type { Tensor } from "../tensor.ts";
import { reshape } from "./shape.ts";
import { checkFloat } from "./shapes.ts";

/** Runs `f` on x as a batch; a single image comes back as one. */
export function onBatch(op: string, x: Tensor, f: (batch: Tensor) => Tensor): Tensor {
  checkFloat(op, "x", x);
  if (x.ndim === 4) return f(x.source);
  if (x.ndim !== 3)
    throw new Error(
      `${op}: x has ${x.ndim} axes (x [${x.shape}]) but must be [N,C,H,W], or [C,H,W] for one image; reshape() it`,
    );
  const y = f(reshape(x, [1, ...x.shape]));
  return reshape(y, y.shape.slice(1));
}
