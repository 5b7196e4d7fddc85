import { expect, test } from "vitest";
import { measureLimits } from "./limits.ts";

test("the limits of one core are a machine's: more than a scalar loop, less than any core has", async () => {
  const { threads, flops, bytes } = await measureLimits(1);
  expect(threads).toBe(1);
  expect(flops).toBeGreaterThan(1e8);
  expect(flops).toBeLessThan(1e12);
  expect(bytes).toBeGreaterThan(1e7);
  expect(bytes).toBeLessThan(1e12);
});
