// Threads: the same bits for any number of them, errors from wherever they happen, and nothing left behind.
import { execFileSync } from "node:child_process";
import { crossEntropy, manualSeed, nn, noGrad, randint, randn, setBackend, type Tensor } from "@lamina/core";
import { afterEach, describe, expect, test } from "vitest";
import { type WasmBackend, type WasmOptions, wasm } from "./index.ts";
import type { Heap } from "./memory.ts";
import { open as openWith } from "./open.ts";

const open: WasmBackend[] = [];
const device = async (options: WasmOptions): Promise<WasmBackend> => {
  const made = await wasm(options);
  open.push(made);
  return made;
};
afterEach(() => Promise.all(open.splice(0).map((made) => made.close())));

const lenet = () =>
  new nn.Sequential(
    ...[new nn.Conv2d(1, 6, 5, { padding: 2 }), new nn.Sigmoid(), new nn.AvgPool2d(2)],
    ...[new nn.Conv2d(6, 16, 5), new nn.Sigmoid(), new nn.AvgPool2d(2), new nn.Flatten()],
    ...[new nn.Linear(400, 120), new nn.Sigmoid(), new nn.Linear(120, 84), new nn.Sigmoid(), new nn.Linear(84, 10)],
  );
/** 3x3, 5x5, 1x1, depthwise and strides; batch normalisation, max and average pooling, dropout. */
const normalised = () =>
  new nn.Sequential(
    ...[new nn.Conv2d(1, 16, 3, { padding: 1 }), new nn.BatchNorm2d(16), new nn.ReLU()],
    ...[new nn.Conv2d(16, 24, 5, { padding: 2 }), new nn.BatchNorm2d(24), new nn.ReLU(), new nn.MaxPool2d(2)],
    ...[new nn.Conv2d(24, 16, 1), new nn.BatchNorm2d(16), new nn.ReLU()],
    ...[new nn.Conv2d(16, 16, 3, { padding: 1, groups: 16 }), new nn.AvgPool2d(3, { stride: 1, padding: 1 })],
    ...[new nn.Conv2d(16, 32, 3, { padding: 1, stride: 2 }), new nn.BatchNorm2d(32), new nn.ReLU()],
    ...[new nn.Flatten(), new nn.Dropout(0.3), new nn.Linear(32 * 49, 10)],
  );

/** The bits of the losses and of all weights after some steps with momentum. */
async function trained(backend: WasmBackend, make: () => nn.Module, batch: number, steps: number): Promise<string> {
  setBackend(backend);
  manualSeed(5);
  const net = make() as nn.Sequential;
  const velocity = new Map([...net.parameters()].map((p) => [p, new nn.Buffer(p.mul(0))]));
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const loss = crossEntropy(net.forward(randn([batch, 1, 28, 28])) as Tensor, randint(0, 10, [batch]));
    for (const p of net.parameters()) p.grad = undefined;
    loss.backward();
    noGrad(() => {
      for (const [p, v] of velocity) {
        v.set(v.mul(0.9).add(p.grad!));
        p.set(p.sub(v.mul(0.02)));
      }
    });
    losses.push(await loss.item());
  }
  const words: number[] = [];
  for (const p of net.parameters()) words.push(...new Int32Array(Float32Array.from(await p.data()).buffer));
  expect(losses.every(Number.isFinite)).toBe(true);
  expect(new Set(losses).size).toBe(steps);
  return `${losses} ${words.reduce((hash, word) => (Math.imul(hash, 31) + word) | 0, 7)}`;
}

describe.each([
  ["LeNet, batch 64", lenet, 64],
  ["convolutions with batch normalisation, batch 16", normalised, 16],
] as const)("%s", (_, make, batch) => {
  test("20 steps give the same bits with 1, 2 and 4 threads", async () => {
    const alone = await trained(await device({ threads: 1 }), make, batch, 20);
    for (const threads of [2, 4]) {
      const backend = await device({ threads, profile: true });
      expect(await trained(backend, make, batch, 20)).toBe(alone);
      const rows = backend.profile();
      const sum = (of: (row: (typeof rows)[0]) => number) => rows.reduce((total, row) => total + of(row), 0);
      expect(sum((row) => row.shared) / sum((row) => row.milliseconds)).toBeGreaterThan(0.5);
    }
  });
});

test("addresses up to 4 GiB: the last 60 MiB do as well as the first", async () => {
  const alone = await trained(await device({ threads: 1 }), normalised, 16, 6);
  for (const threads of [1, 2]) {
    // never touched, so that it costs no memory of the machine
    const onHeap = (heap: Heap) => void heap.allocate("uint8", 2 ** 32 - 60 * 2 ** 20);
    const high = await openWith({ threads }, { onHeap });
    open.push(high);
    expect(await trained(high, normalised, 16, 6)).toBe(alone);
    expect(high.memory().bytes).toBeGreaterThan(2 ** 32 - 60 * 2 ** 20);
  }
});

test("how many there are is told", async () => {
  expect((await device({ threads: 3 })).details).toMatchObject({
    threads: 3,
    wide: expect.any(Boolean),
    worker: false,
  });
  const { threads } = (await device({ threads: "auto" })).details!;
  expect(threads).toBeGreaterThan(0);
  for (const wrong of [0, -1, 1.5, 17, Number.NaN])
    await expect(wasm({ threads: wrong })).rejects.toThrow(
      `wasm: threads is ${wrong}; give "auto" or a whole number from 1 to 16`,
    );
});

test("a program ends while its device is open, and one that closes it ends its threads", () => {
  const program = (last: string) => `
    import { ones, conv2d, setBackend } from "@lamina/core";
    import { wasm } from "@lamina/backend-wasm";
    const device = await wasm({ threads: 2 });
    setBackend(device);
    const y = await conv2d(ones([8, 16, 32, 32]), ones([16, 16, 3, 3])).sum().item();
    ${last}
    console.log(y, process.getActiveResourcesInfo().filter((name) => name === "MessagePort").length);`;
  const run = (last: string) =>
    execFileSync(process.execPath, ["--conditions=source", "--input-type=module", "-e", program(last)], {
      cwd: import.meta.dirname,
      encoding: "utf8",
      timeout: 50_000,
    });
  const sum = 8 * 16 * 30 * 30 * 16 * 9;
  expect(run("")).toMatch(new RegExp(`^${sum} `));
  expect(run("await device.close();")).toBe(`${sum} 0\n`);
});
