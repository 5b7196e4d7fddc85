// What a profile says: each kernel by name, how often it ran, and how fast it was.
import { conv2d, ones, setBackend } from "@lamina/core";
import { expect, test } from "vitest";
import { wasm } from "./index.ts";

test("a profile names what ran, and begins anew when it has been read", async () => {
  const device = await wasm({ profile: true });
  setBackend(device);
  for (let i = 0; i < 2; i++) await conv2d(ones([2, 3, 9, 9]), ones([4, 3, 3, 3])).data();
  const rows = device.profile();
  const conv = rows.find(({ kernel }) => kernel.startsWith("conv2d 2,3,9,9 4,3,3,3"));
  expect(conv).toMatchObject({ runs: 2, stages: { weights: expect.any(Number), images: expect.any(Number) } });
  expect(conv!.gigaflops).toBeCloseTo((2 * 2 * 4 * 7 * 7 * 27 * 2) / conv!.milliseconds / 1e6);
  const times = rows.map((row) => row.milliseconds);
  expect(times).toEqual([...times].sort((a, b) => b - a));
  expect(device.profile()).toEqual([]);
});
test("without the option there is none", async () => {
  const device = await wasm();
  setBackend(device);
  await ones([3]).data();
  expect(device.profile()).toEqual([]);
});
