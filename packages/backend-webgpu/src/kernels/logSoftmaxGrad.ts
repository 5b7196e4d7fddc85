// logSoftmaxGrad: dy - exp(y) * sum of dy along an axis, y = logSoftmax(x).
import { element, lowerLines } from "./rows.ts";

export const logSoftmaxGrad = lowerLines({
  name: "logSoftmaxGrad",
  inputs: ["dy", "y_in"],
  totals: [{ name: "total", kind: "sum", term: element("dy") }],
  value: `${element("dy")} - exp_of(${element("y_in")}) * total`,
});
