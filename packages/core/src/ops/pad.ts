// Padding as users ask for it: by sides, with a value or with what is at the edge. The record is in slice.ts, beside its adjoint.
import type { Tensor } from "../tensor.ts";
import { expand } from "./broadcast.ts";
import { cat, flip } from "./cat.ts";
import { cut, cutAxis, padWith } from "./slice.ts";

export type PadMode = "constant" | "reflect" | "replicate";
export interface PadOptions {
  /** What to put there: `value`, the picture mirrored at its edge (which is not repeated), or its edge. Default "constant". */
  mode?: PadMode;
  /** For "constant" (default 0). */
  value?: number;
}

/**
 * Adds elements on the sides of the last axes: `[left, right]`, `[left, right, top, bottom]`, …, last axis first, as PyTorch
 * has it. Negative numbers take away ("constant" only).
 * @throws if the sides are not pairs of existing axes, or reach too far for the mode.
 * [torch.nn.functional.pad](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pad.html)
 */
export function pad(x: Tensor, sides: readonly number[], { mode = "constant", value = 0 }: PadOptions = {}): Tensor {
  if (sides.length % 2 !== 0 || sides.length > 2 * x.ndim || sides.some((n) => !Number.isInteger(n)))
    throw new Error(
      `pad: the sides [${sides}] do not fit the ${x.ndim} axes of [${x.shape}]; pass two whole numbers an axis, the last axis first`,
    );
  const side = (axis: number, k: number) => sides[2 * (x.ndim - 1 - axis) + k] ?? 0;
  const before = x.shape.map((_, i) => side(i, 0));
  const after = x.shape.map((_, i) => side(i, 1));
  if (mode === "constant") return padConstant(x, before, after, value);
  return x.shape.reduce((y, _, i) => padFrom(y, i, before[i], after[i], mode), x.source);
}
function padConstant(x: Tensor, before: readonly number[], after: readonly number[], value: number): Tensor {
  const less = (list: readonly number[]) => list.map((n) => Math.max(-n, 0));
  const more = (list: readonly number[]) => list.map((n) => Math.max(n, 0));
  const [starts, ends] = [less(before), less(after)];
  const sizes = x.shape.map((n, i) => n - starts[i] - ends[i]);
  if (sizes.some((n) => n < 0))
    throw new Error(
      `pad: taking away [${starts}] before and [${ends}] after leaves less than nothing of [${x.shape}]; take less`,
    );
  const inner = cut(x, { starts, sizes, steps: sizes.map(() => 1) });
  return padWith(inner, { before: more(before), after: more(after), interior: sizes.map(() => 0) }, value);
}
/** Pads one axis with elements of x. */
function padFrom(x: Tensor, axis: number, before: number, after: number, mode: PadMode): Tensor {
  const n = x.shape[axis];
  const most = mode === "reflect" ? n - 1 : n > 0 ? Number.POSITIVE_INFINITY : 0;
  if (before < 0 || after < 0 || before > most || after > most)
    throw new Error(
      `pad: ${before} before and ${after} after do not fit axis ${axis} of [${x.shape}] in mode ${mode}; use 0 to ${most}`,
    );
  const edge = (size: number, reflectFrom: number, replicateFrom: number) =>
    mode === "reflect"
      ? flip(cutAxis(x, axis, reflectFrom, size), axis)
      : expand(
          cutAxis(x, axis, replicateFrom, 1),
          x.shape.map((m, i) => (i === axis ? size : m)),
        );
  const parts = [before > 0 && edge(before, 1, 0), x, after > 0 && edge(after, n - 1 - after, n - 1)];
  return cat(
    parts.filter((p) => p !== false),
    axis,
  );
}
