// How a loop over a result's elements reads an operand: strides for each axis of the loop. Broadcasting is a stride of 0,
// so an `expand` need not be carried out; reshapes do not show, because axes are joined and split as needed.
import { type Shape, sizeOf } from "../dtype.ts";

/** Element i of the result, i = (i0, i1, …) in axes of `sizes`, reads the operand's element i0*strides[0] + i1*strides[1] + … */
export interface Access {
  readonly sizes: readonly number[];
  readonly strides: readonly number[];
}

/** Row-major strides. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= shape[i];
  }
  return strides;
}

/** The strides with which `expand` from `from` to `to` reads a value whose own strides are `inner`. */
export function expandStrides(from: Shape, to: Shape, inner: readonly number[] = stridesOf(from)): number[] {
  const lead = to.length - from.length;
  return to.map((_, i) => (i < lead || from[i - lead] === 1 ? 0 : inner[i - lead]));
}

/** The same reading with as few axes as possible: axes of size 1 go, neighbours that run on are joined. */
export function joined({ sizes, strides }: Access): Access {
  const s: number[] = [];
  const t: number[] = [];
  for (let i = 0; i < sizes.length; i++) {
    if (sizes[i] === 1) continue;
    const last = s.length - 1;
    if (last >= 0 && t[last] === strides[i] * sizes[i]) {
      s[last] *= sizes[i];
      t[last] = strides[i];
    } else {
      s.push(sizes[i]);
      t.push(strides[i]);
    }
  }
  return s.length ? { sizes: s, strides: t } : { sizes: [1], strides: [1] };
}

/** Reads element i for result i. */
export const contiguous = (shape: Shape): Access => ({ sizes: [sizeOf(shape)], strides: [1] });
export const isContiguous = ({ sizes, strides }: Access): boolean =>
  sizes.length === 1 && (strides[0] === 1 || sizes[0] === 1);

/** Where axes may be cut, as products of the sizes from the right: [2,3,4] gives 1, 4, 12, 24. */
function cuts(sizes: readonly number[]): number[] {
  const out = [1];
  for (let i = sizes.length - 1; i >= 0; i--) out.push(out[out.length - 1] * sizes[i]);
  return out;
}

/** Axes in which all the accesses can be written, or undefined if there are none: [6] by [2,3] is [2,3], [2,3] by [3,2] is not. */
export function commonSizes(accesses: readonly Access[]): readonly number[] | undefined {
  const all = [...new Set(accesses.flatMap((a) => cuts(a.sizes)))].sort((x, y) => x - y);
  const sizes: number[] = [];
  for (let i = 1; i < all.length; i++) {
    if (all[i] % all[i - 1] !== 0) return undefined;
    sizes.unshift(all[i] / all[i - 1]);
  }
  return sizes.length ? sizes : [1];
}

/** The strides of `access` in axes of `sizes`, which must be common to it. */
export function stridesIn(access: Access, sizes: readonly number[]): number[] {
  const out = new Array<number>(sizes.length);
  let axis = access.sizes.length - 1;
  let covered = 1;
  for (let i = sizes.length - 1; i >= 0; i--) {
    out[i] = access.strides[axis] * covered;
    covered *= sizes[i];
    if (covered === access.sizes[axis]) {
      axis--;
      covered = 1;
    }
  }
  return out;
}
