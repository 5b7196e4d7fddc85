// min: the smallest element; NaN wins along some axes.
import { greatest, lowerReduction } from "./reduce.ts";

export const min = lowerReduction({
  name: "min",
  initial: greatest,
  combine: (a, b, dtype) => (dtype === "float32" ? `minimum_of(${a}, ${b})` : `min(${a}, ${b})`),
});
