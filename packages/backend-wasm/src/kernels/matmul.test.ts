import { test } from "vitest";
import { check, float, Numbers } from "./harness.ts";
import { matmul } from "./matmul.ts";

function checkProduct(batch: readonly number[], m: number, k: number, n: number, seed: number): void {
  for (const transposeX of [false, true])
    for (const transposeY of [false, true]) {
      const x = float(...batch, ...(transposeX ? [k, m] : [m, k]));
      const y = float(...batch, ...(transposeY ? [n, k] : [k, n]));
      const numbers = new Numbers(seed);
      const inputs = [numbers.array(x), numbers.array(y)];
      const tolerance = { ulps: 2 + Math.sqrt(k), scale: Math.sqrt(k) };
      check("matmul", matmul, [x, y], inputs, { transposeX, transposeY }, float(...batch, m, n), tolerance);
    }
}

test.each([
  [[], 1, 1, 1],
  [[], 6, 4, 8],
  [[], 1, 300, 17],
  [[], 7, 5, 9],
  [[], 13, 513, 3],
  [[], 200, 17, 1030],
  [[], 256, 120, 84],
  [[3], 5, 6, 7],
  [[2, 3], 12, 9, 16],
  [[2, 0], 3, 4, 5],
  [[2], 3, 0, 5],
  [[2], 0, 4, 5],
  [[2], 3, 4, 0],
  [[], 8, 200, 90],
  [[], 5, 131, 1063],
  [[], 190, 9, 93],
  [[], 500, 40, 20],
])("%j of %i x %i times %i columns, four ways of storing", (batch, m, k, n) => checkProduct(batch, m, k, n, 1));

test("random sizes", () => {
  const n = new Numbers(3);
  for (let i = 0; i < 30; i++) checkProduct([n.whole(1, 2)], n.whole(1, 40), n.whole(1, 40), n.whole(1, 40), i);
});

test.each([NaN, Infinity, -Infinity])("%d in x or y reaches its row or column, and nothing else", (value) => {
  const [x, y, out] = [float(7, 5), float(5, 9), float(7, 9)];
  for (const operand of [0, 1]) {
    const numbers = new Numbers(4);
    const inputs = [numbers.array(x), numbers.array(y)];
    inputs[operand][11] = value;
    check("matmul", matmul, [x, y], inputs, { transposeX: false, transposeY: false }, out, { ulps: 5, scale: 3 });
  }
});
