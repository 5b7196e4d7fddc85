// full and arange: arrays from a number or two.
import type { Definition } from "../ndarray.ts";
import { converter } from "./cast.ts";

export const full: Definition = (_inputs, _attrs, [value], out) => {
  out.data.fill(converter(out.dtype)(value));
};

/** start + i*step */
export const arange: Definition = (_inputs, _attrs, [start, step], out) => {
  const convert = converter(out.dtype);
  for (let i = 0; i < out.data.length; i++) out.data[i] = convert(start + i * step);
};
