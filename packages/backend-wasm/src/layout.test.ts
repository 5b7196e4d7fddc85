// Where the inner values of whole training steps lie: in hardly more memory than is in use at once.
import {
  type Backend,
  cat,
  crossEntropy,
  manualSeed,
  nn,
  type Program,
  relu,
  setBackend,
  type Tensor,
  tensor,
} from "@lamina/core";
import { expect, test } from "vitest";
import { Compiler } from "./compile.ts";
import { wasm } from "./index.ts";
import { Heap } from "./memory.ts";

const conv = (from: number, to: number) => [new nn.Conv2d(from, to, 3, { padding: 1 }), new nn.ReLU()];
const vgg = () =>
  new nn.Sequential(
    ...[...conv(1, 8), ...conv(8, 16), new nn.MaxPool2d(2), ...conv(16, 16), ...conv(16, 32), new nn.MaxPool2d(2)],
    new nn.Flatten(),
    new nn.Linear(32 * 64, 10),
  );
const normalised = () =>
  new nn.Sequential(
    ...[new nn.Conv2d(1, 16, 5, { padding: 2 }), new nn.BatchNorm2d(16), new nn.ReLU(), new nn.MaxPool2d(2)],
    ...[new nn.Conv2d(16, 24, 3, { padding: 1 }), new nn.BatchNorm2d(24), new nn.ReLU(), new nn.AvgPool2d(2)],
    ...[new nn.Flatten(), new nn.Dropout(0.5), new nn.Linear(24 * 64, 10)],
  );
class Branches extends nn.Module {
  readonly parts = new nn.ModuleList([
    new nn.Conv2d(8, 8, 1),
    new nn.Conv2d(8, 16, 3, { padding: 1 }),
    new nn.Conv2d(8, 8, 5, { padding: 2 }),
  ]);
  override forward(x: Tensor): Tensor {
    return cat(
      [...this.parts].map((part) => relu((part as nn.Conv2d).forward(x))),
      1,
    );
  }
}
const branches = () =>
  new nn.Sequential(...conv(1, 8), new Branches(), new nn.MaxPool2d(4), new nn.Flatten(), new nn.Linear(32 * 64, 10));

/** The program of a training step. */
async function stepOf(make: () => nn.Sequential): Promise<Program> {
  const device = await wasm();
  const programs: Program[] = [];
  const backend: Backend = {
    ...device,
    compile(program) {
      programs.push(program);
      return device.compile!(program);
    },
  };
  setBackend(backend);
  manualSeed(1);
  const net = make();
  const labels = Int32Array.from({ length: 8 }, (_, i) => i);
  for (let step = 0; step < 3; step++) {
    for (const p of net.parameters()) p.grad = undefined;
    const x = tensor(
      Float32Array.from({ length: 8 * 32 * 32 }, (_, i) => Math.sin(i)),
      { shape: [8, 1, 32, 32] },
    );
    const loss = crossEntropy(net.forward(x), tensor(labels));
    loss.backward();
    await loss.item();
  }
  return programs.reduce((a, b) => (b.instructions.length > a.instructions.length ? b : a));
}

test.each([
  ["a plain network", vgg],
  ["batch normalisation and dropout", normalised],
  ["branches", branches],
] as const)("%s: at most 1.15 times what is in use at once", async (name, make) => {
  const { layout } = new Compiler(new Heap(), { relaxed: true }).plan(await stepOf(make));
  console.log(
    `${name}: ${layout.bytes} bytes, ${(layout.bytes / layout.leastBytes).toFixed(3)} times ${layout.leastBytes}`,
  );
  expect(layout.leastBytes).toBeGreaterThan(1e6);
  expect(layout.bytes).toBeLessThanOrEqual(1.15 * layout.leastBytes);
});
