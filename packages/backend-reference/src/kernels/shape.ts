// Ops that move elements and compute nothing. Each says which element of x stands at an index of the result, or the reverse.
import { type Definition, type NdArray, positions, stridesOf } from "../ndarray.ts";
import { converter } from "./cast.ts";

type Axes = readonly number[];

/** out[i] = x[from[i]] */
function take(x: NdArray, from: Float64Array, out: NdArray): void {
  from.forEach((p, i) => {
    out.data[i] = x.data[p];
  });
}
/** out[to[i]] = x[i] */
function put(x: NdArray, to: Float64Array, out: NdArray): void {
  to.forEach((p, i) => {
    out.data[p] = x.data[i];
  });
}
const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, v, i) => sum + v * b[i], 0);

/** Axes that x does not have, or has with size 1, are stood still on. */
export const expand: Definition = ([x], _attrs, _scalars, out) => {
  const strides = stridesOf(x.shape);
  const added = out.shape.length - x.shape.length;
  const step = out.shape.map((_, axis) => (axis < added || x.shape[axis - added] === 1 ? 0 : strides[axis - added]));
  take(x, positions(out.shape, step), out);
};

/** Axis i of the result is axis axes[i] of x. */
export const permute: Definition<{ axes: Axes }> = ([x], { axes }, _scalars, out) => {
  const strides = stridesOf(x.shape);
  take(
    x,
    positions(
      out.shape,
      axes.map((a) => strides[a]),
    ),
    out,
  );
};

/** out[i] = x[starts + i*steps] */
export const slice: Definition<{ starts: Axes; steps: Axes }> = ([x], { starts, steps }, _scalars, out) => {
  const strides = stridesOf(x.shape);
  take(
    x,
    positions(
      out.shape,
      strides.map((s, axis) => s * steps[axis]),
      dot(starts, strides),
    ),
    out,
  );
};

/** x[i] stands at before + i*(interior+1) of the result; the rest is the value. */
export const pad: Definition<{ before: Axes; interior: Axes }> = ([x], { before, interior }, [value], out) => {
  out.data.fill(converter(out.dtype)(value));
  const strides = stridesOf(out.shape);
  put(
    x,
    positions(
      x.shape,
      strides.map((s, axis) => s * (interior[axis] + 1)),
      dot(before, strides),
    ),
    out,
  );
};

export const flip: Definition<{ axes: Axes }> = ([x], { axes }, _scalars, out) => {
  const strides = stridesOf(x.shape);
  const last = axes.reduce((sum, axis) => sum + (x.shape[axis] - 1) * strides[axis], 0);
  take(
    x,
    positions(
      x.shape,
      strides.map((s, axis) => (axes.includes(axis) ? -s : s)),
      last,
    ),
    out,
  );
};

export const cat: Definition<{ axis: number }> = (inputs, { axis }, _scalars, out) => {
  const strides = stridesOf(out.shape);
  let at = 0;
  for (const x of inputs) {
    put(x, positions(x.shape, strides, at * strides[axis]), out);
    at += x.shape[axis];
  }
};
