// Arrays and work beyond what one binding, one dispatch or one submission may hold: they are cut, and the numbers stay the same.
import type { Spec } from "@lamina/core";
import { expect, test } from "vitest";
import { type GpuArray, type WebGpu, type WebGpuOptions, webgpu } from "./index.ts";

const here = test.skipIf(process.env.LAMINA_ABSENT_VULKAN !== undefined);
/** Milliseconds: in software it takes a busy machine minutes. */
const LONG = 240_000;
const vector = (length: number): Spec => ({ shape: [length], dtype: "float32" });

function apply(
  device: WebGpu,
  op: "add" | "mul" | "sum" | "matmul",
  xs: readonly [GpuArray, Spec][],
  out: Spec,
  attrs = {},
) {
  const views = xs.map(([buffer, spec]) => ({ buffer, ...spec }));
  return device.kernels[op]!(views, attrs, [], out);
}
async function withDevice(options: WebGpuOptions, use: (device: WebGpu) => Promise<void>): Promise<void> {
  const device = await webgpu(options);
  await use(device);
  await device.close();
}

here("under default limits the device has no more than every WebGPU device", () =>
  withDevice({ limits: "default" }, async (device) => {
    const { maxStorageBufferBindingSize, maxStorageBuffersPerShaderStage, maxBufferSize } = device.device.limits;
    expect([maxStorageBufferBindingSize, maxStorageBuffersPerShaderStage, maxBufferSize]).toEqual([
      2 ** 27,
      8,
      2 ** 28,
    ]);
  }),
);

/** As many elements as a binding of 128 MiB holds, one more, and more workgroups than a dimension has. */
const sizes = [2 ** 25, 2 ** 25 + 1, 65_535 * 256 + 1];
here.each(sizes)(
  "%i elements under default limits: upload, add, sum, read",
  (length) =>
    withDevice({ limits: "default" }, async (device) => {
      const data = Float32Array.from({ length }, (_, i) => i & 7);
      const x = device.upload(data, "float32");
      const y = apply(
        device,
        "add",
        [
          [x, vector(length)],
          [x, vector(length)],
        ],
        vector(length),
      );
      const total = apply(device, "sum", [[y, vector(length)]], { shape: [], dtype: "float32" }, { axes: [0] });
      const sum = data.reduce((a, b) => a + b, 0);
      expect((await device.read(total))[0] / (2 * sum)).toBeCloseTo(1, 6);
      const back = await device.read(y);
      expect(back.length).toBe(length);
      expect(back.findIndex((v, i) => v !== 2 * data[i])).toBe(-1);
    }),
  LONG,
);

here(
  "VGG-11's first linear layer, 411 MB of weights, under default limits: forward and gradient",
  () =>
    withDevice({ limits: "default" }, async (device) => {
      const [inputs, outputs] = [25_088, 4_096];
      const weights = new Float32Array(inputs * outputs);
      for (let i = 0; i < weights.length; i++) weights[i] = ((i % 13) - 6) / 8;
      const x = Float32Array.from({ length: inputs }, (_, i) => (i % 5) - 2);
      const w: [GpuArray, Spec] = [device.upload(weights, "float32"), { shape: [outputs, inputs], dtype: "float32" }];
      const row: [GpuArray, Spec] = [device.upload(x, "float32"), { shape: [1, inputs], dtype: "float32" }];
      const y = apply(
        device,
        "matmul",
        [row, w],
        { shape: [1, outputs], dtype: "float32" },
        { transposeX: false, transposeY: true },
      );
      const got = await device.read(y);
      for (const o of [0, 1, 2047, outputs - 1]) {
        let expected = 0;
        for (let i = 0; i < inputs; i++) expected += x[i] * weights[o * inputs + i];
        expect(got[o]).toBeCloseTo(expected, 1);
      }
      const dy: [GpuArray, Spec] = [
        device.upload(new Float32Array(outputs).fill(0.5), "float32"),
        { shape: [1, outputs], dtype: "float32" },
      ];
      const gradient = apply(device, "matmul", [dy, row], w[1], { transposeX: true, transposeY: false });
      const updated = apply(device, "add", [w, [gradient, w[1]]], w[1]);
      const after = await device.read(updated);
      expect(after.findIndex((v, i) => v !== weights[i] + 0.5 * x[i % inputs])).toBe(-1);
    }),
  LONG,
);

here("work that would outlast a watchdog is cut into submissions, with the same bits", async () => {
  const size = 96;
  const square: Spec = { shape: [size, size], dtype: "float32" };
  const data = Float32Array.from({ length: size * size }, (_, i) => Math.sin(i));
  const results: unknown[] = [];
  const submissions: number[] = [];
  for (const workPerSubmission of [2 ** 32, 20_000])
    await withDevice({ workPerSubmission }, async (device) => {
      const x: [GpuArray, Spec] = [device.upload(data, "float32"), square];
      await device.read(x[0]);
      const { queue } = device.device;
      const submit = queue.submit.bind(queue);
      let count = 0;
      queue.submit = (buffers) => {
        count++;
        return submit(buffers);
      };
      const y = apply(device, "matmul", [x, x], square, { transposeX: false, transposeY: false });
      await device.warmup();
      results.push(await device.read(y));
      submissions.push(count);
    });
  expect(submissions[0]).toBe(2); // one, and the read
  expect(submissions[1]).toBeGreaterThan(2);
  expect(results[1]).toEqual(results[0]);
});
