// Sums into places that an index names, on the host: where each element of the result would have to look through a long
// index for its own, one walk over the index is less work, the transfers included.
import type { Device, GpujsBuffer } from "../device.ts";

/** Up to here an element looks through the index itself. */
export const LONG = 1024;

/** `start`, or zeros, with element i of `values` added at place(i, index[i]), in order. */
export function addedOnHost(
  device: Device,
  start: GpujsBuffer | number,
  values: GpujsBuffer,
  index: GpujsBuffer,
  place: (i: number, index: number) => number,
): GpujsBuffer {
  const { dtype } = values;
  const length = typeof start === "number" ? start : start.length;
  const inputs = typeof start === "number" ? [values, index] : [values, index, start];
  return device.onHost(inputs, { dtype, length }, (added, at, from = new Float64Array(length)) => {
    const sums = dtype === "float32" ? Float64Array.from(from) : from;
    for (let i = 0; i < added.length; i++) sums[place(i, at[i])] += added[i];
    return sums;
  });
}
