// softmax: exp(x - max) / sum of exp(x - max) along an axis.
import { element, lowerLines } from "./rows.ts";

const exponential = `exp_of(${element("x")} - most)`;

export const softmax = lowerLines({
  name: "softmax",
  inputs: ["x"],
  totals: [
    { name: "most", kind: "max", term: element("x") },
    { name: "total", kind: "sum", term: exponential },
  ],
  value: `${exponential} / total`,
});
