// full on the device; arange and random on the host, which counts and multiplies 32-bit integers exactly.
import { allocate, philox4x32 } from "@lamina/core";
import { filled, type Row, sizeOf } from "./kernel.ts";

export const full: Row = (device, _inputs, _attrs, [value], out) => filled(device, out, value);

export const arange: Row = (device, _inputs, _attrs, [start, step], { shape, dtype }) => {
  const data = allocate(dtype, sizeOf(shape));
  for (let i = 0; i < data.length; i++) data[i] = start + i * step;
  return device.upload(data, dtype);
};

/** Element i is word i%4 of the block with counter (i>>2, 0, counterLow, counterHigh), its top 24 bits times 2^-24. */
export const random: Row = (device, _inputs, _attrs, [seedLow, seedHigh, counterLow, counterHigh], { shape }) => {
  const data = new Float32Array(sizeOf(shape));
  for (let i = 0; i < data.length; i += 4) {
    const block = philox4x32([i >>> 2, 0, counterLow, counterHigh], [seedLow, seedHigh]);
    for (let k = 0; k < 4 && i + k < data.length; k++) data[i + k] = (block[k] >>> 8) * 2 ** -24;
  }
  return device.upload(data, "float32");
};
