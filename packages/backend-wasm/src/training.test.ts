// Small networks trained on this device and on the reference backend from the same start: the same losses, step by step.
import { reference } from "@lamina/backend-reference";
import {
  add,
  type Backend,
  cat,
  crossEntropy,
  manualSeed,
  memory,
  narrow,
  nn,
  noGrad,
  type Parameter,
  relu,
  setBackend,
  stats,
  type Tensor,
  tensor,
} from "@lamina/core";
import { expect, test } from "vitest";
import { wasm } from "./index.ts";

const mlp = () => new nn.Sequential(new nn.Flatten(), new nn.Linear(36, 20), new nn.ReLU(), new nn.Linear(20, 10));
const lenet = () =>
  new nn.Sequential(
    new nn.Conv2d({ inChannels: 1, outChannels: 6, kernelSize: 5, padding: 2 }),
    new nn.Sigmoid(),
    new nn.AvgPool2d({ kernelSize: 2, stride: 2 }),
    new nn.Conv2d({ inChannels: 6, outChannels: 16, kernelSize: 5 }),
    new nn.Sigmoid(),
    new nn.AvgPool2d({ kernelSize: 2, stride: 2 }),
    new nn.Flatten(),
    new nn.Linear(16 * 5 * 5, 120),
    new nn.Sigmoid(),
    new nn.Linear(120, 84),
    new nn.Sigmoid(),
    new nn.Linear(84, 10),
  );
const modern = () =>
  new nn.Sequential(
    new nn.Conv2d(1, 8, 3, { padding: 1 }),
    new nn.BatchNorm2d(8),
    new nn.ReLU(),
    new nn.MaxPool2d(2, { stride: 2 }),
    new nn.Conv2d(8, 8, 3, { padding: 1, stride: 2 }),
    new nn.ReLU(),
    new nn.Flatten(),
    new nn.Dropout(0.25),
    new nn.Linear(32, 10),
  );

/** What GoogLeNet and residual networks are made of: layers that a program keeps channels-last, and layers that it does not. */
class Branches extends nn.Module {
  readonly wide = new nn.Conv2d(12, 8, 3, { padding: 1 });
  readonly wider = new nn.Conv2d(12, 8, 5, { padding: 2 });
  readonly thin = new nn.Conv2d(12, 4, 1);
  readonly pool = new nn.MaxPool2d(3, { stride: 1, padding: 1 });
  override forward(x: Tensor): Tensor {
    const parts = cat([relu(this.wide.forward(x)), relu(this.wider.forward(x)), this.thin.forward(x)], 1);
    return add(parts, cat([this.pool.forward(x), narrow(x, 1, 0, 8)], 1));
  }
}
const branches = () =>
  new nn.Sequential(
    new nn.Conv2d(1, 12, 3, { padding: 1 }),
    new nn.BatchNorm2d(12),
    new nn.ReLU(),
    new Branches(),
    new nn.MaxPool2d(2, { stride: 2 }),
    new nn.Conv2d(20, 10, 3, { padding: 1, stride: 2 }),
    new nn.ReLU(),
    new nn.AvgPool2d(2),
    new nn.Flatten(),
    new nn.Dropout(0.25),
    new nn.Linear(10, 10),
  );

function batch(n: number, size: number, step: number): [Tensor, Tensor] {
  const pixels = Float32Array.from(
    { length: n * size * size },
    (_, i) => Math.sin(i * 0.37 + step) * Math.cos(i * 0.011),
  );
  return [
    tensor(pixels, { shape: [n, 1, size, size] }),
    tensor(Int32Array.from({ length: n }, (_, i) => (i * 7 + step) % 10)),
  ];
}
/** Momentum written out, as a user would. */
function descend(p: Parameter, velocity: Map<Parameter, nn.Buffer>): void {
  const v = velocity.get(p) ?? new nn.Buffer(tensor(new Float32Array(p.numel), { shape: p.shape }));
  velocity.set(p, v);
  const next = v.mul(0.9).add(p.grad!);
  v.set(next);
  p.set(p.sub(next.mul(0.05)));
}
async function losses(
  backend: Backend,
  make: () => nn.Sequential,
  size: number,
  steps: number,
  after: () => void = () => {},
): Promise<number[]> {
  setBackend(backend);
  manualSeed(3);
  const net = make();
  const velocity = new Map<Parameter, nn.Buffer>();
  const out: number[] = [];
  for (let step = 0; step < steps; step++) {
    const [x, labels] = batch(6, size, step);
    for (const p of net.parameters()) p.grad = undefined;
    const loss = crossEntropy(net.forward(x), labels);
    loss.backward();
    noGrad(() => {
      for (const p of net.parameters()) descend(p, velocity);
    });
    out.push(await loss.item());
    after();
  }
  return out;
}

test.each([
  ["a perceptron", mlp, 6],
  ["LeNet", lenet, 28],
  ["convolutions with batch normalisation, max pooling and dropout", modern, 8],
  ["branches", branches, 13],
] as const)("%s learns as on the reference backend", async (_, make, size) => {
  const want = await losses(await reference(), make, size, 6);
  const device = await wasm();
  const got = await losses(device, make, size, 6);
  got.forEach((loss, i) => void expect(Math.abs(loss - want[i])).toBeLessThan(2e-5 * (1 + want[i])));
  expect(new Set(got).size).toBe(6);
});

test("after the first few steps nothing is compiled any more, and memory stays as it is", async () => {
  const compiled: number[] = [];
  const bytes: number[] = [];
  await losses(await wasm(), modern, 8, 40, () => {
    compiled.push(stats().compiled);
    bytes.push(memory().bytes);
  });
  expect(compiled.at(-1)).toBeGreaterThan(0);
  expect(new Set(compiled.slice(5)).size).toBe(1);
  expect(Math.max(...bytes.slice(30))).toBeLessThanOrEqual(Math.max(...bytes.slice(5, 15)));
});
