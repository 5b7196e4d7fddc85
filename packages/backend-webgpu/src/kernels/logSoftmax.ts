// logSoftmax: x - max - log(sum of exp(x - max)) along an axis.
import { element, lowerLines } from "./rows.ts";

export const logSoftmax = lowerLines({
  name: "logSoftmax",
  inputs: ["x"],
  totals: [
    { name: "most", kind: "max", term: element("x") },
    { name: "total", kind: "sum", term: `exp_of(${element("x")} - most)` },
  ],
  value: `${element("x")} - most - log_of(total)`,
});
