// min: the smallest element along some axes; NaN wins.
import { greatest, lowerReduction } from "./reduce.ts";

export const min = lowerReduction({
  name: "min",
  initial: greatest,
  combine: (a, b, dtype, width) =>
    dtype === "float32" ? `minimum_of${width === 4 ? "_4" : ""}(${a}, ${b})` : `min(${a}, ${b})`,
});
