// max: the largest element along some axes; NaN wins.
import { least, lowerReduction } from "./reduce.ts";

export const max = lowerReduction({
  name: "max",
  initial: least,
  combine: (a, b, dtype, width) =>
    dtype === "float32" ? `maximum_of${width === 4 ? "_4" : ""}(${a}, ${b})` : `max(${a}, ${b})`,
});
