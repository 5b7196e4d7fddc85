// softmaxGrad: y * (dy - sum of dy*y) along an axis, y = softmax(x).
import { element, lowerLines } from "./rows.ts";

export const softmaxGrad = lowerLines({
  name: "softmaxGrad",
  inputs: ["dy", "y_in"],
  totals: [{ name: "total", kind: "sum", term: `${element("dy")} * ${element("y_in")}` }],
  value: `${element("y_in")} * (${element("dy")} - total)`,
});
