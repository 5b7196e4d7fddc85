// Sums into places that an index names, on the host: where each element of the result would have to look through a long
// index for its own, one walk over the index is less work, the transfers included.
import type { TypedArray } from "@lamina/core";
import type { Device, GpujsBuffer } from "../device.ts";

/** Up to here an element looks through the index itself. */
export const LONG = 1024;

/** `start`, with element i of `values` added at place(i, index[i]), in order. */
export function addedOnHost(
  device: Device,
  start: TypedArray,
  values: GpujsBuffer,
  index: GpujsBuffer,
  place: (i: number, index: number) => number,
): GpujsBuffer {
  const [added, at] = [device.read(values), device.read(index)];
  const sums = values.dtype === "float32" ? Float64Array.from(start) : start;
  for (let i = 0; i < added.length; i++) sums[place(i, at[i])] += added[i];
  return device.upload(sums, values.dtype);
}
