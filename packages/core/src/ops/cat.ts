// Putting tensors together along an axis, taking them apart again, and turning axes round.
import { promote, type Shape } from "../dtype.ts";
import { defineOp, type Op } from "../op.ts";
import { record } from "../record.ts";
import type { Tensor } from "../tensor.ts";
import { expand } from "./broadcast.ts";
import { cast } from "./cast.ts";
import { reshape, unsqueeze } from "./shape.ts";
import { type Axes, axesOf, axisOf, show } from "./shapes.ts";
import { cut, cutAxis, padWith } from "./slice.ts";

export const catOp = defineOp<{ axis: number }>({
  name: "cat",
  infer(inputs, { axis }) {
    const [first] = inputs;
    inputs.forEach((x, k) => {
      if (
        x.dtype !== first.dtype ||
        x.shape.length !== first.shape.length ||
        x.shape.some((n, i) => i !== axis && n !== first.shape[i])
      )
        throw new Error(
          `cat: tensor 0 is ${show(first)} but tensor ${k} is ${show(x)}; all sizes but that of axis ${axis} must be equal`,
        );
    });
    const total = inputs.reduce((n, x) => n + x.shape[axis], 0);
    return { shape: first.shape.map((n, i) => (i === axis ? total : n)), dtype: first.dtype };
  },
  grad: ({ inputs }, dy, { axis }) => {
    let start = 0;
    return inputs.map((x) => {
      const from = start;
      start += x.shape[axis];
      return () => cutAxis(dy, axis, from, x.shape[axis]);
    });
  },
});

/**
 * The tensors one after another along `axis` (default 0); other axes must be of equal size.
 * @throws if the list is empty or sizes differ.
 * [torch.cat](https://docs.pytorch.org/docs/stable/generated/torch.cat.html)
 */
export function cat(tensors: readonly Tensor[], axis = 0): Tensor {
  if (tensors.length === 0) throw new Error("cat: the list of tensors is empty; pass at least one");
  const at = axisOf("cat", axis, tensors[0].ndim);
  if (tensors.length === 1) return tensors[0].source;
  const dtype = tensors.map((x) => x.dtype).reduce(promote);
  return record(
    catOp,
    tensors.map((x) => cast(x, dtype)),
    { axis: at },
  );
}

/**
 * Tensors of one shape along a new axis (default 0).
 * @throws if the list is empty or shapes differ.
 * [torch.stack](https://docs.pytorch.org/docs/stable/generated/torch.stack.html)
 */
export function stack(tensors: readonly Tensor[], axis = 0): Tensor {
  if (tensors.length === 0) throw new Error("stack: the list of tensors is empty; pass at least one");
  const odd = tensors.find((x) => `${x.shape}` !== `${tensors[0].shape}`);
  if (odd)
    throw new Error(
      `stack: shapes [${tensors[0].shape}] and [${odd.shape}] differ; stack tensors of one shape, or use cat()`,
    );
  const at = axisOf("stack", axis, tensors[0].ndim + 1);
  return cat(
    tensors.map((x) => unsqueeze(x, at)),
    at,
  );
}

/**
 * Parts of `size` along `axis` (default 0), the last one possibly smaller; or parts of the sizes listed.
 * @throws if listed sizes do not add up to the axis.
 * [torch.split](https://docs.pytorch.org/docs/stable/generated/torch.split.html)
 */
export function split(x: Tensor, size: number | readonly number[], axis = 0): Tensor[] {
  const a = axisOf("split", axis, x.ndim);
  const n = x.shape[a];
  if (typeof size === "number" && !(Number.isInteger(size) && size > 0))
    throw new Error(`split: the size is ${size} but must be a whole number, 1 or more`);
  const sizes =
    typeof size === "number"
      ? Array.from({ length: Math.max(1, Math.ceil(n / size)) }, (_, i) => Math.min(size, n - i * size))
      : size;
  if (sizes.reduce((s, k) => s + k, 0) !== n || sizes.some((k) => k < 0))
    throw new Error(
      `split: the sizes [${sizes}] do not add up to the ${n} of axis ${axis} (shape [${x.shape}]); make them add up`,
    );
  let start = 0;
  return sizes.map((k) => {
    start += k;
    return cutAxis(x, a, start - k, k);
  });
}

/**
 * At most `chunks` parts of equal size along `axis` (default 0), the last one possibly smaller.
 * [torch.chunk](https://docs.pytorch.org/docs/stable/generated/torch.chunk.html)
 */
export function chunk(x: Tensor, chunks: number, axis = 0): Tensor[] {
  if (!Number.isInteger(chunks) || chunks < 1)
    throw new Error(`chunk: chunks is ${chunks} but must be a whole number, 1 or more`);
  const n = x.shape[axisOf("chunk", axis, x.ndim)];
  return split(x, Math.max(1, Math.ceil(n / chunks)), axis);
}

export const flipOp: Op<{ axes: readonly number[] }> = defineOp({
  name: "flip",
  infer: ([x]) => x,
  grad: (_, dy, { axes }) => [() => record(flipOp, [dy], { axes })],
});
/**
 * The elements in reverse order along `axes` (default all).
 * [torch.flip](https://docs.pytorch.org/docs/stable/generated/torch.flip.html)
 */
export const flip = (x: Tensor, axes?: Axes): Tensor => record(flipOp, [x], { axes: axesOf("flip", axes, x.ndim) });

/**
 * x repeated `repeats[i]` times along axis i; fewer repeats count from the last axis.
 * [torch.tile](https://docs.pytorch.org/docs/stable/generated/torch.tile.html)
 */
export function tile(x: Tensor, repeats: readonly number[]): Tensor {
  if (repeats.some((n) => !Number.isInteger(n) || n < 0))
    throw new Error(`tile: the repeats are [${repeats}] but must be whole numbers, 0 or more`);
  const rank = Math.max(x.ndim, repeats.length);
  const lengthen = (list: Shape): number[] => [...Array.from({ length: rank - list.length }, () => 1), ...list];
  const [sizes, times] = [lengthen(x.shape), lengthen(repeats)];
  const apart = reshape(
    x,
    sizes.flatMap((n) => [1, n]),
  );
  return reshape(
    expand(
      apart,
      sizes.flatMap((n, i) => [times[i], n]),
    ),
    sizes.map((n, i) => n * times[i]),
  );
}

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
