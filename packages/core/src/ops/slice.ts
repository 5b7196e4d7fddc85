// Parts of a tensor, and its adjoint, putting one into something larger. Both by start and step along each axis.
import type { Shape } from "../dtype.ts";
import { defineOp } from "../op.ts";
import { record } from "../record.ts";
import type { Tensor } from "../tensor.ts";
import { reshape } from "./shape.ts";
import { axisIn, sameShape } from "./shapes.ts";

export interface SliceAttrs {
  /** One of each per axis. */
  readonly starts: readonly number[];
  readonly sizes: readonly number[];
  readonly steps: readonly number[];
}
export const sliceOp = defineOp<SliceAttrs>({
  name: "slice",
  infer: ([x], { sizes }) => ({ shape: sizes, dtype: x.dtype }),
  grad: (node, dy, attrs) => [() => padBack(dy, node.inputs[0].shape, attrs)],
});
function padBack(dy: Tensor, into: Shape, { starts, sizes, steps }: SliceAttrs): Tensor {
  const after = into.map((n, i) => n - starts[i] - (sizes[i] > 0 ? (sizes[i] - 1) * steps[i] + 1 : 0));
  return padWith(dy, { before: starts, after, interior: steps.map((s) => s - 1) }, 0);
}

export interface PadAttrs {
  /** One of each per axis: how much goes before the first, after the last, and between two elements. */
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly interior: readonly number[];
}
export const padOp = defineOp<PadAttrs>({
  name: "pad",
  infer: ([x], { before, after, interior }) => ({
    shape: x.shape.map((n, i) => before[i] + n + Math.max(n - 1, 0) * interior[i] + after[i]),
    dtype: x.dtype,
  }),
  grad: (node, dy, { before, interior }) => [
    () => cut(dy, { starts: before, sizes: node.inputs[0].shape, steps: interior.map((n) => n + 1) }),
  ],
});
/** Surrounds x and sets its elements apart; the rest is `value`. */
export function padWith(x: Tensor, attrs: PadAttrs, value: number): Tensor {
  if ([...attrs.before, ...attrs.after, ...attrs.interior].every((n) => n === 0)) return x.source;
  return record(padOp, [x], attrs, [value]);
}
/** x from `starts` on, every `steps`th element, `sizes` of them, along each axis. */
export function cut(x: Tensor, attrs: SliceAttrs): Tensor {
  if (sameShape(x.shape, attrs.sizes)) return x.source; // all of it: no other start and step fit
  return record(sliceOp, [x], attrs);
}
/** {@link cut} along one axis. */
export function cutAxis(x: Tensor, axis: number, start: number, size: number, step = 1): Tensor {
  const at = <T>(value: T, other: T[]): T[] => other.map((o, i) => (i === axis ? value : o));
  const none = x.shape.map(() => 0);
  return cut(x, {
    starts: at(start, none),
    sizes: at(size, [...x.shape]),
    steps: at(
      step,
      x.shape.map(() => 1),
    ),
  });
}

/**
 * `length` elements along `axis`, from `start` on (negative: from the end).
 * @throws if they are not all there.
 * [torch.narrow](https://docs.pytorch.org/docs/stable/generated/torch.narrow.html)
 */
export function narrow(x: Tensor, axis: number, start: number, length: number): Tensor {
  const a = axisIn("narrow", axis, x.shape);
  const from = start < 0 ? start + x.shape[a] : start;
  if (!Number.isInteger(from) || !Number.isInteger(length) || from < 0 || length < 0 || from + length > x.shape[a])
    throw new Error(
      `narrow: ${length} elements from ${start} on do not lie in axis ${axis} of [${x.shape}], which has ${x.shape[a]}; shorten it or start earlier`,
    );
  return cutAxis(x, a, from, length);
}

/**
 * The part at one place of `axis` (negative: from the end), without that axis.
 * @throws if the index is out of range.
 * [torch.select](https://docs.pytorch.org/docs/stable/generated/torch.select.html)
 */
export function select(x: Tensor, axis: number, index: number): Tensor {
  const a = axisIn("select", axis, x.shape);
  const n = x.shape[a];
  if (!Number.isInteger(index) || index < -n || index >= n)
    throw new Error(
      `select: index ${index} is outside axis ${axis} of [${x.shape}], which has ${n} elements; use ${-n} to ${n - 1}`,
    );
  const part = cutAxis(x, a, index < 0 ? index + n : index, 1);
  return reshape(
    part,
    x.shape.filter((_, i) => i !== a),
  );
}

/** `[start, stop, step]`: Python's `start:stop:step`; what is left out or null is open, `[]` is `:`. */
export type Range = readonly [] | readonly (number | null | undefined)[];
/** For one axis: an index, which drops the axis; a range; or "..." for all axes that are not named. */
export type Index = number | Range | "...";

/** Start, size and step of a range, clipped to the axis as Python's slices are. */
function spanOf([start, stop, step]: Range, n: number): [number, number, number] {
  const by = step ?? 1;
  if (!Number.isInteger(by) || by < 1)
    throw new Error(`at: the step of a range is ${by} but must be 1 or more; use flip() to turn an axis round`);
  const place = (i: number) => Math.min(Math.max(i < 0 ? i + n : i, 0), n);
  const from = place(start ?? 0);
  return [from, Math.max(0, Math.ceil((place(stop ?? n) - from) / by)), by];
}
function spanOfIndex(x: Tensor, i: number, axis: number): [number, number, number] {
  const n = x.shape[axis];
  if (!Number.isInteger(i) || i < -n || i >= n)
    throw new Error(
      `at: index ${i} is outside axis ${axis} of [${x.shape}], which has ${n} elements; use ${-n} to ${n - 1}`,
    );
  return [i < 0 ? i + n : i, 1, 1];
}
function inFull(x: Tensor, indices: readonly Index[]): (number | Range)[] {
  const named = indices.filter((i) => i !== "...").length;
  if (named > x.ndim || indices.length - named > 1)
    throw new Error(
      `at: ${indices.length} indices for the ${x.ndim} axes of [${x.shape}]; give one an axis at most, and "..." once`,
    );
  const rest: Range[] = Array.from({ length: x.ndim - named }, () => []);
  const full = indices.flatMap((i) => (i === "..." ? rest : [i]));
  return full.length < x.ndim ? [...full, ...rest] : full;
}

/**
 * Indexing as Python's `x[…]`: `at(x, 0)`, `at(x, -1, [1, 3])` for `x[-1, 1:3]`, `at(x, "...", [null, null, 2])` for `x[..., ::2]`.
 * @throws if an index is out of range; ranges are clipped.
 * [Indexing](https://docs.pytorch.org/docs/stable/tensor_view.html)
 */
export function at(x: Tensor, ...indices: readonly Index[]): Tensor {
  const full = inFull(x, indices);
  const spans = full.map((i, axis) => (typeof i === "number" ? spanOfIndex(x, i, axis) : spanOf(i, x.shape[axis])));
  const [starts, sizes, steps] = [0, 1, 2].map((k) => spans.map((s) => s[k]));
  return reshape(
    cut(x, { starts, sizes, steps }),
    sizes.filter((_, axis) => typeof full[axis] !== "number"),
  );
}

/**
 * The elements from `start` to before `stop` along `axis`, every `step`-th of them: Python's `x[…, start:stop:step]`, negative
 * numbers from the end, clipped to the axis. What is null or left out is open.
 */
export function slice(x: Tensor, axis: number, start?: number | null, stop?: number | null, step = 1): Tensor {
  const a = axisIn("slice", axis, x.shape);
  const [from, size, by] = spanOf([start, stop, step], x.shape[a]);
  return cutAxis(x, a, from, size, by);
}
