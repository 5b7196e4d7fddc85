// max: the largest element; NaN wins along some axes.
import { least, lowerReduction } from "./reduce.ts";

export const max = lowerReduction({
  name: "max",
  initial: least,
  combine: (a, b, dtype) => (dtype === "float32" ? `maximum_of(${a}, ${b})` : `max(${a}, ${b})`),
});
