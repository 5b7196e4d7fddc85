// sum: the sum of elements along some axes.
import { lowerReduction } from "./reduce.ts";

export const sum = lowerReduction({
  name: "sum",
  initial: (dtype) => (dtype === "float32" ? "0.0" : "0i"),
  combine: (a, b) => `(${a} + ${b})`,
});
