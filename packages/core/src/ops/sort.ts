// Running sums and order along an axis, made of other ops: no device has a kernel of its own for them.
import { isFloat } from "../dtype.ts";
import type { Tensor } from "../tensor.ts";
import { add, logicalAnd, logicalOr } from "./arithmetic.ts";
import { expand, sum } from "./broadcast.ts";
import { cast } from "./cast.ts";
import { equal, isNaN, less, logicalNot } from "./compare.ts";
import { arange, zeros } from "./creation.ts";
import { gather, scatterAdd } from "./gather.ts";
import { transpose, unsqueeze } from "./shape.ts";
import { axisIn } from "./shapes.ts";
import { narrow, padWith } from "./slice.ts";

/**
 * The sum of all elements up to each one along `axis`; integers and booleans add up as int32.
 * [torch.cumsum](https://docs.pytorch.org/docs/stable/generated/torch.cumsum.html)
 */
export function cumsum(x: Tensor, axis: number): Tensor {
  const a = axisIn("cumsum", axis, x.shape);
  const n = x.shape[a];
  let total = isFloat(x.dtype) ? x.source : cast(x, "int32");
  // each pass adds what lies twice as far back as the one before: log2(n) passes
  for (let far = 1; far < n; far *= 2) {
    const none = x.shape.map(() => 0);
    const before = x.shape.map((_, i) => (i === a ? far : 0));
    total = add(total, padWith(narrow(total, a, 0, n - far), { before, after: none, interior: none }, 0));
  }
  return total;
}

/** Values in order, and where each was. */
export interface Sorted {
  readonly values: Tensor;
  /** int32. */
  readonly indices: Tensor;
}
export interface SortOptions {
  /** The largest first (default false). */
  descending?: boolean;
}

/**
 * The values in ascending order along `axis` (default the last); equals stay in their order, NaN counts as the largest.
 * Each value is compared with every other one, in an axis of n n² times: meant for classes and scores, not for whole images.
 * [torch.sort](https://docs.pytorch.org/docs/stable/generated/torch.sort.html)
 */
export function sort(x: Tensor, axis = -1, { descending = false }: SortOptions = {}): Sorted {
  const indices = argsort(x, axis, { descending });
  return { values: gather(x, axis, indices), indices };
}

/**
 * Where the values lie that {@link sort} gives, as int32.
 * [torch.argsort](https://docs.pytorch.org/docs/stable/generated/torch.argsort.html)
 */
export function argsort(x: Tensor, axis = -1, { descending = false }: SortOptions = {}): Tensor {
  const a = axisIn("argsort", axis, x.shape);
  const last = x.ndim - 1;
  const lines = transpose(x, a, last);
  const places = expand(arange(x.shape[a], { dtype: "int32" }), lines.shape);
  const order = scatterAdd(zeros(lines.shape, { dtype: "int32" }), last, ranks(lines, descending), places);
  return transpose(order, a, last);
}
/** With so many at a time each value of a line is compared: memory is for n times as many. */
const AT_ONCE = 128;
/** How many of its line come before each value. */
function ranks(lines: Tensor, descending: boolean): Tensor {
  const n = lines.shape[lines.ndim - 1];
  let before = zeros(lines.shape, { dtype: "int32" });
  for (let from = 0; from < n; from += AT_ONCE)
    before = add(before, countBefore(lines, from, Math.min(AT_ONCE, n - from), descending));
  return before;
}
/** The same, of the `count` values from `from` on. */
function countBefore(lines: Tensor, from: number, count: number, descending: boolean): Tensor {
  const [self, other] = [unsqueeze(lines, -1), unsqueeze(narrow(lines, -1, from, count), -2)];
  const [least, most] = descending ? [self, other] : [other, self];
  const below = logicalOr(less(least, most), logicalAnd(isNaN(most), logicalNot(isNaN(least))));
  const same = logicalOr(equal(self, other), logicalAnd(isNaN(self), isNaN(other)));
  const earlier = less(arange(from, from + count), unsqueeze(arange(lines.shape[lines.ndim - 1]), -1));
  return sum(cast(logicalOr(below, logicalAnd(same, earlier)), "int32"), -1);
}

/**
 * The `k` largest values along `axis` (default the last), the largest first, and where they lie; with `largest: false` the smallest.
 * @throws if there are not so many.
 * [torch.topk](https://docs.pytorch.org/docs/stable/generated/torch.topk.html)
 */
export function topk(x: Tensor, k: number, axis = -1, { largest = true }: { largest?: boolean } = {}): Sorted {
  const a = axisIn("topk", axis, x.shape);
  if (!Number.isInteger(k) || k < 0 || k > x.shape[a])
    throw new Error(
      `topk: k is ${k} but axis ${a} of [${x.shape}] has ${x.shape[a]} elements; ask for 0 to ${x.shape[a]}`,
    );
  const indices = narrow(argsort(x, a, { descending: largest }), a, 0, k);
  return { values: gather(x, a, indices), indices };
}
