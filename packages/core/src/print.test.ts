import { expect, test } from "vitest";
import { format } from "./print.ts";

const f32 = (...v: number[]) => Float32Array.from(v);

// Each expected text is what PyTorch 2 prints for the same tensor (dtype names apart).
test("whole numbers have a dot, others four decimals, columns are aligned", () => {
  expect(format([2, 2], "float32", f32(1, 2, 3, 4))).toBe("tensor([[1., 2.],\n        [3., 4.]])");
  expect(format([3], "float32", f32(0.5, -1.25, 10))).toBe("tensor([ 0.5000, -1.2500, 10.0000])");
  expect(format([], "float32", f32(3))).toBe("tensor(3.)");
});
test("a blank line parts matrices", () => {
  expect(format([2, 1, 2], "float32", f32(1, 2, 3, 4))).toBe("tensor([[[1., 2.]],\n\n        [[3., 4.]]])");
});
test("wide ranges are in scientific notation", () => {
  expect(format([2], "float32", f32(1e-5, 1))).toBe("tensor([1.0000e-05, 1.0000e+00])");
});
test("special values, bool and int32", () => {
  expect(format([3], "float32", f32(Number.NaN, Infinity, -Infinity))).toBe("tensor([ nan,  inf, -inf])");
  expect(format([2], "bool", Uint8Array.of(1, 0))).toBe("tensor([ True, False])");
  expect(format([2], "int32", Int32Array.of(1, -20))).toBe("tensor([  1, -20], dtype=int32)");
});
test("long axes show three at each end", () => {
  expect(
    format(
      [2000],
      "int32",
      Int32Array.from({ length: 2000 }, (_, i) => i),
    ),
  ).toBe("tensor([   0,    1,    2, ..., 1997, 1998, 1999], dtype=int32)");
});
test("empty tensors, gradients, and values that are not here", () => {
  expect(format([0], "float32", f32())).toBe("tensor([])");
  expect(format([2, 0], "float32", f32())).toBe("tensor([], size=(2, 0))");
  expect(format([1], "float32", f32(1), true)).toBe("tensor([1.], requiresGrad=true)");
  expect(format([2, 3], "float32", undefined)).toBe("tensor(not on the host: await data(), shape=[2,3])");
});
