// scatterAdd: x with src[.., i, ..] added at [.., index[.., i, ..], ..] along an axis, in the order of src.
import { bytesOf } from "@lamina/core";
import { bytesPerElement } from "../memory.ts";
import { kernelOf } from "./emit.ts";
import { eachIndexed, loadElement, storeElement } from "./indexed.ts";
import type { Lower } from "./lowered.ts";

const [X, INDEX, SRC, OUT] = [0, 1, 2, 3];

export const scatterAdd: Lower = ([{ shape, dtype }, index], { axis }: { axis: number }, out) => ({
  key: `scatterAdd ${dtype} ${shape} ${index.shape} along ${axis}`,
  emit: () => {
    const f = kernelOf(4);
    f.get(OUT).get(X).i32(bytesOf(out)).memoryCopy();
    eachIndexed(f, { op: 1, axis, shape, dtype, array: OUT, index: INDEX, count: index.shape[axis] }, (element) => {
      f.get(element);
      loadElement(f, dtype, element);
      loadElement(f, dtype, SRC).op(dtype === "float32" ? "f32.add" : "i32.add");
      storeElement(f, dtype).increase(SRC, bytesPerElement(dtype));
    });
    return f;
  },
});
