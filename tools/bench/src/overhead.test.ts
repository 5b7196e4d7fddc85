import { expect, test } from "vitest";
import { measureOverhead } from "./overhead.ts";

test("a LeNet step is recorded and run on a device that computes nothing", async () => {
  const { nodes, microsecondsPerNode } = await measureOverhead(5);
  expect(nodes).toBeGreaterThan(100);
  expect(microsecondsPerNode).toBeGreaterThan(0);
});
