// What can go wrong with a graphics card, and what is said: it is lost, it is full, it is told nonsense. A value that cannot
// be had is an error, never a zero.
import { crossEntropy, DeviceLostError, Generator, manualSeed, nn, setBackend, sync, tensor } from "@lamina/core";
import { DataLoader, TensorDataset } from "@lamina/data";
import { fit, SGD } from "@lamina/train";
import { describe, expect, test } from "vitest";
import { OutOfMemoryError, type WebGpu, webgpu } from "./index.ts";

const here = test.skipIf(process.env.LAMINA_ABSENT_VULKAN !== undefined);
const spec = { shape: [6], dtype: "float32" } as const;
const numbers = Float32Array.of(1, 2, 3, 4, 5, 6);

describe("a device that is lost", () => {
  here("reads that wait reject with DeviceLostError, and so does everything after", async () => {
    const device = await webgpu();
    const x = device.upload(numbers, "float32");
    const square = () => device.kernels.square!([{ buffer: x, ...spec }], {}, [], spec);
    const waiting = [square(), square()].map((y) => device.read(y));
    const outcomes = Promise.allSettled(waiting);
    device.device.destroy();
    for (const outcome of await outcomes) {
      expect(outcome).toMatchObject({ status: "rejected", reason: { name: "DeviceLostError", device: "webgpu" } });
      expect((outcome as PromiseRejectedResult).reason.message).toMatch(
        /^webgpu: the device was lost \(.+\), and the values on it are gone; open it again/,
      );
    }
    expect(square).toThrow(DeviceLostError);
    expect(() => device.upload(numbers, "float32")).toThrow(DeviceLostError);
    await expect(device.read(x)).rejects.toThrow(DeviceLostError);
    device.free(x); // without a word
    const next = (await device.reopen!()) as WebGpu;
    const again = next.upload(numbers, "float32");
    expect(await next.read(again)).toEqual(numbers);
    await device.close();
    await next.close();
  });

  /** A small network on 40 points, 5 steps an epoch; `onStep` may do harm. */
  async function train(device: WebGpu, onStep: () => void = () => {}) {
    setBackend(device);
    manualSeed(5);
    const points = tensor(new Generator(9).normals(40 * 6), { shape: [40, 6] });
    const labels = tensor(Int32Array.from({ length: 40 }, (_, i) => i % 3));
    const model = new nn.Sequential(new nn.Linear(6, 8), new nn.Tanh(), new nn.Dropout(0.1), new nn.Linear(8, 3));
    const losses = new Map<string, number>();
    await fit(model, {
      train: new DataLoader(new TensorDataset(points, labels), { batchSize: 8, shuffle: true }),
      optimizer: new SGD(model.parameters(), { lr: 0.5, momentum: 0.5 }),
      epochs: 4,
      snapshotEvery: 2,
      onStep({ epoch, step, loss }) {
        losses.set(`${epoch}/${step}`, loss);
        onStep();
      },
    });
    return { losses: [...losses].sort(), weights: await Promise.all(model.parameters().map((p) => p.data())) };
  }
  here(
    "fit goes on from its last snapshot: the same losses and weights as if nothing had happened",
    async () => {
      const whole = await webgpu();
      const expected = await train(whole);
      let current = await webgpu();
      let opened = 1;
      const follow = (device: WebGpu): WebGpu =>
        Object.assign(device, {
          reopen: async () => {
            opened++;
            return (current = follow(await webgpu()));
          },
        });
      const chance = new Generator(2);
      const actual = await train(follow(current), () => {
        if (opened < 4 && chance.uniform() < 0.35) current.device.destroy();
      });
      expect(opened).toBe(4);
      expect(actual).toEqual(expected);
      await whole.close();
      await current.close();
    },
    240_000,
  ); // five devices compile their shaders: in software, on a busy machine, minutes
});

describe("memory that is not there", () => {
  here("past maxBytes: what was asked for, what is in use, what would help", async () => {
    const device = await webgpu({ maxBytes: 1 << 20 });
    const x = device.upload(new Float32Array(100_000), "float32");
    const attempt = () => device.upload(new Float32Array(200_000), "float32");
    expect(attempt).toThrow(OutOfMemoryError);
    expect(attempt).toThrow(
      "webgpu: 781.3 KiB asked for, but the device has no room for it with 390.6 KiB in use of at most 1 MiB; use a smaller batch or smaller pictures, or dispose() what is no longer needed",
    );
    device.free(x);
    device.free(attempt()); // what was free made room
    expect(device.memory()).toMatchObject({ bytes: 0, buffers: 0 });
    await device.close();
  });
  here("where the device itself has none, reads of what lies there reject", async () => {
    const device = await webgpu();
    const { device: gpu } = device;
    const x = device.upload(numbers, "float32");
    const pop = gpu.popErrorScope.bind(gpu);
    // a real card says so in this way, and one in software would first fill the machine's memory
    gpu.popErrorScope = () => pop().then(() => ({ message: "Out of memory" }) as GPUOutOfMemoryError);
    const large = device.upload(new Float32Array(1_000_000), "float32");
    gpu.popErrorScope = pop;
    const largeSpec = { shape: [1_000_000], dtype: "float32" } as const;
    await expect(device.read(large)).rejects.toMatchObject({
      name: "OutOfMemoryError",
      requested: 4_000_000,
      inUse: 24,
    });
    expect(() => device.kernels.neg!([{ buffer: large, ...largeSpec }], {}, [], largeSpec)).toThrow(OutOfMemoryError);
    expect(await device.read(x)).toEqual(numbers);
    await device.close();
  });
});

describe("what is wrong comes to light", () => {
  here("an error that nobody expected stops everything after it", async () => {
    const device = await webgpu();
    const x = device.upload(numbers, "float32");
    device.device.createBuffer({ size: 16, usage: 0 }); // nonsense
    await expect(device.read(x)).rejects.toThrow(
      /^webgpu: the device reported an error that nothing had expected: [\s\S]*usages[\s\S]*open it again/,
    );
    expect(() => device.upload(numbers, "float32")).toThrow(/nothing had expected/);
    await device.close();
  });
  here("a label that is no class: the read of the loss says so, and the next step computes", async () => {
    const device = await webgpu();
    setBackend(device);
    const logits = tensor(new Float32Array(6).fill(1), { shape: [2, 3] });
    const bad = crossEntropy(logits, tensor(Int32Array.of(1, 2)).add(tensor(Int32Array.of(0, 1))));
    await expect(bad.item()).rejects.toThrow(
      "gather: index 3 is out of range for axis 1 of size 3; indices must lie in 0..2",
    );
    expect(await crossEntropy(logits, tensor(Int32Array.of(1, 2))).item()).toBeCloseTo(Math.log(3), 6);
    await device.close();
  });
  here("a closed device says that it is", async () => {
    const device = await webgpu();
    const x = device.upload(numbers, "float32");
    await device.close();
    await expect(device.read(x)).rejects.toThrow("webgpu: the backend was closed, and its memory is gone");
    await sync();
  });
});
