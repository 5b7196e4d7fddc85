import { expect, test } from "vitest";
import { readable } from "./profile.ts";

test("a loop is named by what it does, each op once; other kernels by their keys", () => {
  const ops = ["mul", "add", "mul"].map((op) => ({ kind: "op", op }));
  const plan = JSON.stringify({ sizes: [8, 100], values: [{ kind: "load", load: 0 }, ...ops] });
  expect(readable(`loop ${plan}`)).toBe("loop 8x100: mul, add");
  expect(readable("matmul 256,84 10,84 false true")).toBe("matmul 256,84 10,84 false true");
});
