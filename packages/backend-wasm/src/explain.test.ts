// What a device says of a program: the kernels in order, and files that are there.
import { existsSync } from "node:fs";
import { conv2d, manualSeed, matmul, maxPool2d, randn, relu, setBackend } from "@lamina/core";
import { expect, test } from "vitest";
import { wasm } from "./index.ts";

const device = await wasm({ threads: 1 });
setBackend(device);

test("a convolution with bias and ReLU, by Winograd's algorithm", async () => {
  manualSeed(0);
  const y = relu(conv2d(randn([4, 16, 8, 8]), randn([16, 16, 3, 3]), randn([16]), { padding: 1 }));
  await maxPool2d(y, 2).data();
  const text = device.explain();
  expect(text).toMatch(/^\d+ calls, [\d.]+ \w+ between them\n {2}1 /);
  expect(text).toMatch(/permute \(movement\/copy.ts\)/);
  expect(text).toMatch(/conv2d: weights \(kernels\/conv2d.winograd.ts\)/);
  expect(text).toMatch(/float32\[4,8,8,16\], float32\[16,16,3,3\]/);
  expect(text).toMatch(/after each slice: (\w+, )*add, relu \(pointwise\/loop.ts\)/);
  expect(text).toMatch(
    /maxPool2d \(kernels\/maxPool2d.channelsLast.ts\)\n {4}float32\[4,8,8,16\] -> float32\[4,4,4,16\]/,
  );
});

test("of other kernels too the file is named in which they are written", async () => {
  const programs = [
    () => matmul(randn([3, 200]), randn([200, 300])),
    () => matmul(randn([70, 20]), randn([20, 30])),
    () => conv2d(randn([1, 3, 9, 9]), randn([4, 3, 3, 3]), undefined, { stride: 2 }),
    () => conv2d(randn([2, 16, 9, 9]), randn([16, 16, 1, 1])),
    () => randn([4, 6]).sum(1),
    () => randn([4, 6]).transpose(0, 1).mul(2),
  ];
  const files = new Set<string>();
  for (const program of programs) {
    await program().data();
    for (const [, file] of device.explain().matchAll(/\(([\w/.]+\.ts)\)/g)) files.add(file);
  }
  for (const file of files) expect(existsSync(new URL(file, import.meta.url)), file).toBe(true);
  for (const name of ["matmul.few", "matmul", "taps", "sum"]) expect(files).toContain(`kernels/${name}.ts`);
});

test("before anything has run there is nothing to say", async () => {
  expect((await wasm({ threads: 1 })).explain()).toBe("");
});
