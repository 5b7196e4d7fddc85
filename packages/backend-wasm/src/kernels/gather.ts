// gather: out[.., i, ..] = x[.., index[.., i, ..], ..] along an axis.
import { bytesPerElement } from "../memory.ts";
import { kernelOf } from "./emit.ts";
import { eachIndexed, loadElement, storeElement } from "./indexed.ts";
import type { Lower } from "./lowered.ts";

const [X, INDEX, OUT] = [0, 1, 2];

export const gather: Lower = ([{ shape, dtype }, index], { axis }: { axis: number }) => ({
  key: `gather ${dtype} ${shape} ${index.shape} along ${axis}`,
  emit: () => {
    const f = kernelOf(3);
    eachIndexed(f, { op: 0, axis, shape, dtype, array: X, index: INDEX, count: index.shape[axis] }, (element) => {
      f.get(OUT);
      storeElement(loadElement(f, dtype, element), dtype).increase(OUT, bytesPerElement(dtype));
    });
    return f;
  },
});
