// The device as core and its users see it: buffers, what it counts, what it tells about itself.
import { type DType, manualSeed, nn, randn, setBackend, type TypedArray } from "@lamina/core";
import { SGD } from "@lamina/train";
import { expect, test } from "vitest";
import { findAdapter } from "./adapter.ts";
import { type Progress, type WebGpu, webgpu } from "./index.ts";

const here = test.skipIf(process.env.LAMINA_ABSENT_VULKAN !== undefined);

here("uploads copy, reads are fresh, and every dtype comes back as it went", async () => {
  const device = await webgpu();
  const values: [DType, TypedArray][] = [
    ["float32", Float32Array.of(1.5, -0, NaN, 1e-40)],
    ["int32", Int32Array.of(2147483647, -2147483648, 0, 7)],
    ["uint8", Uint8Array.of(0, 255, 7, 8)],
    ["bool", Uint8Array.of(1, 0, 1, 1)],
    ["float32", new Float32Array(0)],
  ];
  for (const [dtype, data] of values) {
    const host = data.slice();
    const buffer = device.upload(host, dtype);
    host.fill(3);
    const [first, second] = await Promise.all([device.read(buffer), device.read(buffer)]);
    expect(first).toEqual(data);
    expect(second).not.toBe(first);
    device.free(buffer);
  }
  expect(device.memory()).toMatchObject({ bytes: 0, buffers: 0, peakBytes: 16 });
  await device.close();
});

here("many reads share one mapping", async () => {
  const device = await webgpu();
  const { queue } = device.device;
  const xs = Array.from({ length: 50 }, (_, i) => device.upload(Float32Array.of(i), "float32"));
  const submit = queue.submit.bind(queue);
  let submissions = 0;
  queue.submit = (buffers) => {
    submissions++;
    return submit(buffers);
  };
  const read = await Promise.all(xs.map((x) => device.read(x)));
  expect(read.map(([v]) => v)).toEqual(xs.map((_, i) => i));
  expect(submissions).toBe(1);
  await device.close();
});

here("a buffer is freed once, and used no more", async () => {
  const device = await webgpu();
  const x = device.upload(Float32Array.of(1, 2, 3), "float32");
  device.free(x);
  const message =
    "webgpu: a float32 buffer of 3 elements is used that was freed or is another device's; free a buffer once, after its last use";
  expect(() => device.free(x)).toThrow(message);
  await expect(device.read(x)).rejects.toThrow(message);
  await device.close();
});

/** One step of a small network, whose loss is waited for. */
async function step(device: WebGpu): Promise<void> {
  setBackend(device);
  manualSeed(0);
  const layer = new nn.Linear(5, 3);
  const optimizer = new SGD(layer.parameters(), { lr: 0.1 });
  const loss = layer
    .forward(randn([4, 5]))
    .tanh()
    .square()
    .mean();
  loss.backward();
  optimizer.step();
  await loss.item();
}

here("a training step is one submission, and the read of its loss another", async () => {
  const device = await webgpu();
  await step(device);
  const { queue } = device.device;
  const submit = queue.submit.bind(queue);
  let submissions = 0;
  queue.submit = (buffers) => {
    submissions++;
    return submit(buffers);
  };
  await step(device);
  expect(submissions).toBe(2);
  await device.close();
});

here("warmup tells how many shaders are ready, and ends when all are", async () => {
  const device = await webgpu();
  const told: Progress[] = [];
  const training = step(device);
  await Promise.resolve().then(() => Promise.resolve()); // the step is sent off at the end of this turn
  await device.warmup((progress) => told.push(progress));
  await training;
  const last = told.at(-1)!;
  expect(told[0].ready).toBeLessThan(last.ready);
  expect(last.total).toBeGreaterThan(5);
  expect(last.ready).toBe(last.total);
  await device.close();
});

here("explain names the dispatches of the last program, timings what each cost", async () => {
  const device = await webgpu({ profile: true });
  await step(device);
  expect(device.explain()).toMatch(/^\d+ dispatches, .* between them\n {2}1 /);
  expect(device.explain()).toMatch(/matmul\n {4}left: float32.*right: float32\[4,5\]/);
  const timings = await device.timings();
  expect(timings.map((t) => t.ops)).toContain("matmul");
  expect(timings.every((t) => t.milliseconds >= 0 && t.dispatches > 0)).toBe(true);
  expect(await device.timings()).toEqual([]);
  await device.close();
  const plain = await webgpu();
  await expect(plain.timings()).rejects.toThrow(
    "webgpu: nothing was measured; open the device with await webgpu({ profile: true })",
  );
  await plain.close();
});

here("a device, or an adapter, of the user's own", async () => {
  const adapter = await findAdapter({});
  const own = await adapter.requestDevice();
  const device = await webgpu({ device: own });
  expect(device.device).toBe(own);
  expect(device.details).toMatchObject({ maxStorageBuffersPerShaderStage: 8 });
  const x = device.upload(Float32Array.of(4), "float32");
  expect(await device.read(x)).toEqual(Float32Array.of(4));
  await device.close();
  const other = await webgpu({ adapter: await findAdapter({ powerPreference: "low-power" }) });
  await other.close();
});

here("f16 on an adapter that has none: true says so, auto does without", async () => {
  const without = async () =>
    new Proxy(await findAdapter({}), {
      get: (adapter, name) => {
        if (name === "features") return new Set([...adapter.features].filter((feature) => feature !== "shader-f16"));
        const value = adapter[name as keyof GPUAdapter];
        return typeof value === "function" ? (value as () => unknown).bind(adapter) : value;
      },
    });
  await expect(webgpu({ adapter: await without(), f16: true })).rejects.toThrow(
    /^webgpu: f16: true was asked for, but this adapter \(.+\) has no half precision \(shader-f16\); leave f16 out, or use "auto"/,
  );
  const device = await webgpu({ adapter: await without(), f16: "auto" });
  expect(device.halfOperands).toBeUndefined();
  await device.close();
});
