// Reductions over some axes, first element to last in row-major order.
import type { DType } from "@lamina/core";
import { type Definition, linesOf } from "../ndarray.ts";

type Combine = (a: number, b: number) => number;

const reduction =
  (initial: number, combineOf: (dtype: DType) => Combine): Definition<{ axes: readonly number[] }> =>
  ([x], { axes }, _scalars, out) => {
    const combine = combineOf(x.dtype);
    const { starts, steps } = linesOf(x.shape, axes);
    starts.forEach((start, i) => {
      let value = initial;
      for (const step of steps) value = combine(value, x.data[start + step]);
      out.data[i] = value;
    });
  };

/** int32 wraps at every step, so that no intermediate value outgrows the 53 bits of a float64. */
export const sum = reduction(0, (dtype) => (dtype === "int32" ? (a, b) => (a + b) | 0 : (a, b) => a + b));
export const prod = reduction(1, (dtype) => (dtype === "int32" ? Math.imul : (a, b) => a * b));
export const max = reduction(-Infinity, () => (a, b) => Math.max(a, b));
export const min = reduction(Infinity, () => (a, b) => Math.min(a, b));

/** The index of the first element that none beats; NaN beats every number. */
const extreme =
  (beats: (a: number, b: number) => boolean): Definition<{ axis: number }> =>
  ([x], { axis }, _scalars, out) => {
    const { starts, steps } = linesOf(x.shape, [axis]);
    starts.forEach((start, i) => {
      let best = 0;
      steps.forEach((step, k) => {
        const value = x.data[start + step];
        const leader = x.data[start + steps[best]];
        if (!Number.isNaN(leader) && (Number.isNaN(value) || beats(value, leader))) best = k;
      });
      out.data[i] = best;
    });
  };
export const argmax = extreme((a, b) => a > b);
export const argmin = extreme((a, b) => a < b);
