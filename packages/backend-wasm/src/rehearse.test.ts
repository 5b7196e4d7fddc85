// A step on paper: it takes to the byte what the step takes when it is run, and leaves no trace.
import {
  crossEntropy,
  manualSeed,
  memory,
  nn,
  noGrad,
  OutOfMemoryError,
  randn,
  randomState,
  rehearse,
  setBackend,
  sync,
  tensor,
} from "@lamina/core";
import { expect, test } from "vitest";
import { type WasmBackend, wasm } from "./index.ts";

function network() {
  manualSeed(1);
  return new nn.Sequential(
    ...[new nn.Conv2d(1, 16, 5, { padding: 2 }), new nn.BatchNorm2d(16), new nn.ReLU(), new nn.MaxPool2d(2)],
    ...[new nn.Conv2d(16, 24, 3, { padding: 1 }), new nn.ReLU(), new nn.AvgPool2d(2)],
    ...[new nn.Flatten(), new nn.Dropout(0.5), new nn.Linear(24 * 49, 10)],
  );
}
function stepOf(net: nn.Module, n: number) {
  return () => {
    const loss = crossEntropy(net.forward(randn([n, 1, 28, 28])), tensor(new Int32Array(n)));
    net.zeroGrad();
    loss.backward();
    noGrad(() => {
      for (const p of net.parameters()) p.set(p.sub(p.grad!.mul(0.1)));
    });
    return loss.keep();
  };
}
const cellsOf = (net: nn.Module) => [...net.parameters(), ...net.buffers()];
async function open(maxBytes?: number): Promise<WasmBackend> {
  const device = await wasm({ maxBytes });
  setBackend(device);
  return device;
}
/** The peak of three steps on a device of their own. */
async function peakOf(n: number): Promise<number> {
  await open();
  const step = stepOf(network(), n);
  for (let i = 0; i < 3; i++) await step().item();
  return memory().peakBytes;
}

test.each([1, 16, 33])("a batch of %i takes what it took on paper, to the byte", async (n) => {
  await open();
  const net = network();
  const { bytes, available, fits } = rehearse(cellsOf(net), stepOf(net, n));
  expect(memory()).toMatchObject({ bytes: 0, peakBytes: 0 });
  expect([available, fits]).toEqual([2 ** 32, true]);
  expect(bytes).toBe(await peakOf(n));
});

test("the largest batch that fits on paper fits, and one more does not", async () => {
  const maxBytes = 12 << 20;
  await open(maxBytes);
  const net = network();
  const fits = (n: number) => rehearse(cellsOf(net), stepOf(net, n)).fits;
  let [most, tooMany] = [1, 100];
  while (tooMany - most > 1) {
    const n = (most + tooMany) >> 1;
    if (fits(n)) most = n;
    else tooMany = n;
  }
  expect(most).toBeGreaterThan(20);
  const [, tight] = [await open(maxBytes), stepOf(network(), most)];
  for (let i = 0; i < 4; i++) await tight().item();
  const [, over] = [await open(maxBytes), stepOf(network(), most + 1)];
  await expect(
    (async () => {
      for (let i = 0; i < 4; i++) await over().item();
    })(),
  ).rejects.toThrow(OutOfMemoryError);
});

test("nothing is changed: values, gradients, random numbers, what is on the device", async () => {
  await open();
  const net = network();
  const step = stepOf(net, 4);
  await step().item();
  await sync();
  const bits = async () => {
    const all = [...cellsOf(net), ...net.parameters().map((p) => p.grad!)];
    return Promise.all(all.map((t) => t.data()));
  };
  const before = [await bits(), randomState(), memory().bytes, memory().buffers];
  expect(rehearse(cellsOf(net), stepOf(net, 64)).fits).toBe(true);
  expect([await bits(), randomState(), memory().bytes, memory().buffers]).toEqual(before);
  const beside = randn([1000]).keep(); // of no cell: it takes room away
  await sync();
  expect(rehearse(cellsOf(net), step).available).toBe(2 ** 32 - 4000);
  beside.dispose();
});

test("a step that fails on paper says why, and leaves no trace either", async () => {
  await open();
  const net = network();
  expect(() => rehearse(cellsOf(net), () => net.forward(randn([1, 3, 28, 28])))).toThrow(/^conv2d: /);
  const loss = stepOf(net, 2)();
  expect(await loss.item()).toBeGreaterThan(0);
});
