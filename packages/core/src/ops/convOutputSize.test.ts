// Both formulas of the book, "same" padding, and that convolutions and pools give these sizes.
import { beforeAll, expect, test } from "vitest";
import { reference } from "../../../backend-reference/src/index.ts";
import { setBackend } from "../device.ts";
import * as f from "./functions.ts";

beforeAll(async () => setBackend(await reference()));

test("the book's formulas: n + p - k + 1, and floor((n + p - k + s) / s)", () => {
  expect(f.convOutputSize(8, { kernel: 3, padding: 2 })).toBe(8 + 2 - 3 + 1);
  expect(f.convOutputSize(224, { kernel: 11, stride: 4, padding: 2 })).toBe(Math.floor((224 + 2 - 11 + 4) / 4));
  expect(f.convOutputSize(9, { kernel: 3, dilation: 2 })).toBe(5);
});
test("every convolution and pooling has this size; same gives ceil(n / s) for odd and even kernels", () => {
  for (const n of [7, 8, 12])
    for (const kernel of [1, 2, 3, 4, 5])
      for (const stride of [1, 2, 3]) {
        const conv = (padding: number | "same") =>
          f.conv2d(f.zeros([1, 1, n, n]), f.zeros([1, 1, kernel, kernel]), undefined, { stride, padding }).shape[2];
        expect(f.convOutputSize(n, { kernel, stride, padding: 2 })).toBe(conv(1));
        expect(f.convOutputSize(n, { kernel, stride, padding: "same" })).toBe(Math.ceil(n / stride));
        expect(conv("same")).toBe(Math.ceil(n / stride));
        expect(f.convOutputSize(n, { kernel, stride })).toBe(
          f.maxPool2d(f.zeros([1, 1, n, n]), { kernelSize: kernel, stride }).shape[2],
        );
      }
});
test("an impossible size shows the formula with its numbers", () => {
  expect(() => f.convOutputSize(3, { kernel: 5, padding: 1 })).toThrow(
    "convOutputSize: floor((3 + 1 - 5 + 1) / 1) = 0 places are left of 3; use a smaller kernel or more padding",
  );
  expect(() => f.convOutputSize(5, { kernel: 4, stride: 2, dilation: 3 })).toThrow(
    "floor((5 + 0 - (3·(4 - 1) + 1) + 2) / 2) = -2 places",
  );
});
