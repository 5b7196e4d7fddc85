// prod: the product of elements along some axes.
import { lowerReduction } from "./reduce.ts";

export const prod = lowerReduction({
  name: "prod",
  initial: (dtype) => (dtype === "float32" ? "1.0" : "1i"),
  combine: (a, b) => `(${a} * ${b})`,
});
