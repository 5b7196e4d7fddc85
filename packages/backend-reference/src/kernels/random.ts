// random: uniform numbers from Philox4x32-10, the same bits on every backend.
import { philox4x32 } from "@lamina/core";
import type { Definition } from "../ndarray.ts";

/** Element i is word i%4 of the block with counter (i>>2, 0, counterLow, counterHigh), its top 24 bits times 2^-24. */
export const random: Definition = (_inputs, _attrs, [seedLow, seedHigh, counterLow, counterHigh], out) => {
  for (let i = 0; i < out.data.length; i++) {
    const block = philox4x32([i >>> 2, 0, counterLow, counterHigh], [seedLow, seedHigh]);
    out.data[i] = (block[i % 4] >>> 8) * 2 ** -24;
  }
};
