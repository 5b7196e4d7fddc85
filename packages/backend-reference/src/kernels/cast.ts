// cast, and what a number becomes in each dtype. Typed arrays do the rest: they round floats to nearest even,
// truncate toward zero and wrap int32 and uint8.
import type { DType } from "@lamina/core";
import type { Definition } from "../ndarray.ts";

/** bool is 1 for everything but 0, NaN included; the other dtypes leave conversion to the array stored into. */
export const converter =
  (dtype: DType) =>
  (value: number): number =>
    dtype === "bool" ? +(value !== 0) : value;

export const cast: Definition = ([x], _attrs, _scalars, out) => {
  const convert = converter(out.dtype);
  x.data.forEach((value, i) => {
    out.data[i] = convert(value);
  });
};
