// gather and scatterAdd: elements chosen by an int32 index along one axis, as torch.gather and torch.Tensor.scatter_add_.
import { type Definition, type NdArray, positions, stridesOf } from "../ndarray.ts";

/** For each element of `index`, the position in x that it names: its own place, with `axis` replaced by its value. */
function named(op: string, x: NdArray, index: NdArray, axis: number): Float64Array {
  const strides = stridesOf(x.shape);
  const along = strides[axis];
  const n = x.shape[axis];
  const others = positions(
    index.shape,
    strides.map((s, a) => (a === axis ? 0 : s)),
  );
  return others.map((p, i) => {
    const k = index.data[i];
    if (k < 0 || k >= n)
      throw new Error(
        `${op}: index ${k} is out of range for axis ${axis} of size ${n} (x [${x.shape}], index [${index.shape}]); indices must lie in 0..${n - 1}`,
      );
    return p + k * along;
  });
}

/** out[i,j,k] = x[i, index[i,j,k], k] for axis 1, and so on. */
export const gather: Definition<{ axis: number }> = ([x, index], { axis }, _scalars, out) => {
  named("gather", x, index, axis).forEach((p, i) => {
    out.data[i] = x.data[p];
  });
};

/** x, with src[i,j,k] added at [i, index[i,j,k], k] for axis 1, and so on; what meets in one place adds up. */
export const scatterAdd: Definition<{ axis: number }> = ([x, index, src], { axis }, _scalars, out) => {
  const sums = Float64Array.from(x.data);
  named("scatterAdd", x, index, axis).forEach((p, i) => {
    sums[p] += src.data[i];
  });
  out.data.set(sums);
};
