// Putting tensors together along an axis, taking them apart again, and turning axes round.
import { promote, type Shape } from "../dtype.ts";
import { defineOp, type Op } from "../op.ts";
import { record } from "../record.ts";
import type { Tensor } from "../tensor.ts";
import { expand } from "./broadcast.ts";
import { cast } from "./cast.ts";
import { reshape, unsqueeze } from "./shape.ts";
import { type Axes, axesOf, axisIn, axisOf, show } from "./shapes.ts";
import { cutAxis } from "./slice.ts";

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
  const at = axisIn("cat", axis, tensors[0].shape);
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
  const a = axisIn("split", axis, x.shape);
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
  const n = x.shape[axisIn("chunk", axis, x.shape)];
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
