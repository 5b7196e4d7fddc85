// erf and erfc against values of glibc's, whose error is below one unit in the last place.
import { expect, it } from "vitest";
import { erf, erfc } from "./erf.ts";

const table: [number, number, number][] = [
  [0.1, 0.1124629160182849, 0.8875370839817152],
  [0.5, 0.5204998778130465, 0.4795001221869535],
  [0.99999, 0.8426966418332298, 0.1573033581667702],
  [1, 0.8427007929497149, 0.15729920705028513],
  [1.5, 0.9661051464753108, 0.033894853524689274],
  [2, 0.9953222650189527, 0.004677734981047266],
  [3, 0.9999779095030014, 2.2090496998585438e-5],
  [5, 0.9999999999984626, 1.5374597944280351e-12],
  [5.3, 0.9999999999999338, 6.613081850340812e-14],
  [25.3, 1, 2.293036860845902e-280],
  [10, 1, 2.088487583762545e-45],
  [27, 1, 5.23705e-319],
  [-0.3, -0.3286267594591274, 1.3286267594591274],
  [-2, -0.9953222650189527, 1.9953222650189528],
];

it.each(table)("erf and erfc of %d", (x, error, complement) => {
  expect(Math.abs(erf(x) / error - 1)).toBeLessThan(3e-16);
  expect(Math.abs(erfc(x) / complement - 1)).toBeLessThan(8e-16);
});
it("is odd, keeps -0 and has limits", () => {
  expect([erf(-0), erf(0), erf(Infinity), erf(-Infinity), erf(Number.NaN)]).toEqual([-0, 0, 1, -1, Number.NaN]);
  expect([erfc(Infinity), erfc(-Infinity), erfc(Number.NaN)]).toEqual([0, 2, Number.NaN]);
});
