// What is this package's own: how TensorFlow is found and loaded, what it says of itself, and that its tensors are few and freed.
import * as util from "node:util";
import { wasm } from "@lamina/backend-wasm";
import {
  type Backend,
  crossEntropy,
  manualSeed,
  nn,
  noGrad,
  OutOfMemoryError,
  randn,
  setBackend,
  type Tensor,
  tensor,
} from "@lamina/core";
import { beforeAll, describe, expect, test } from "vitest";
import type { Binding } from "./binding.ts";
import { tfjsNode } from "./index.ts";
import { findTfjsNode, type TfjsNode, tensorFlowOf } from "./load.ts";
import { TensorFlow } from "./tensorflow.ts";

/** As much of tfjs as the tests use. */
interface Tfjs extends TfjsNode {
  tensor2d(values: number[][]): Tfjs2d;
  matMul(a: Tfjs2d, b: Tfjs2d): Tfjs2d;
  memory(): { numTensors: number };
}
interface Tfjs2d {
  dataSync(): Float32Array;
  dispose(): void;
}

describe.skipIf(process.env.LAMINA_ABSENT_TFJSNODE)("tfjs-node", () => {
  const before = { ...util };
  let tf: Tfjs;
  let binding: Binding;
  beforeAll(() => {
    process.env.TF_NUM_INTRAOP_THREADS = "1"; // the networks are too small for more
    tf = findTfjsNode() as Tfjs;
    binding = tensorFlowOf(tf).binding;
  });

  test("tfjs's own ops run on this Node, and nobody else's util is changed", () => {
    const x = tf.tensor2d([
      [1, 2],
      [3, 4],
    ]);
    const y = tf.matMul(x, x);
    expect([...y.dataSync()]).toEqual([7, 10, 15, 22]);
    for (const each of [x, y]) each.dispose();
    const after = { ...(process.getBuiltinModule("node:util") as typeof util) };
    expect(Object.keys(after).sort()).toEqual(
      Object.keys(before)
        .filter((name) => name !== "default")
        .sort(),
    );
    for (const name of Object.keys(after) as (keyof typeof util)[]) expect(after[name]).toBe(before[name]);
  });
  test("a module that was passed is used, and what it runs on is told", async () => {
    const device = await tfjsNode({ tf });
    expect(device.details).toMatchObject({
      package: "@tensorflow/tfjs-node 4.22.0",
      tensorflow: "2.16.2",
      device: expect.stringMatching(/^CPU/),
    });
    await device.close();
  });
  test("tfjs without TensorFlow is refused", async () => {
    const plain = { version: {}, findBackend: () => null };
    await expect(tfjsNode({ tf: plain })).rejects.toThrow(
      'tfjs-node: the tf that was passed has no backend "tensorflow"; pass @tensorflow/tfjs-node or @tensorflow/tfjs-node-gpu, not plain @tensorflow/tfjs',
    );
  });
  test("threads are refused once TensorFlow is loaded", async () => {
    await expect(tfjsNode({ tf, threads: 3 })).rejects.toThrow(
      "tfjsNode: threads is 3, but TensorFlow has been loaded and keeps what it started with; ask for them before tfjs-node is loaded, or set TF_NUM_INTRAOP_THREADS=3 in the environment",
    );
  });
  test("a buffer that was freed says so", async () => {
    const device = await tfjsNode();
    const buffer = device.upload(new Float32Array(3), "float32");
    device.free(buffer);
    const said =
      "tfjs-node: a float32 buffer is used that was freed or is another device's; free a buffer once, after its last use";
    expect(() => device.free(buffer)).toThrow(said);
    expect(() => device.read(buffer)).toThrow(said);
    await device.close();
  });
  test("what TensorFlow refuses is told with its reason, and leaves no tensor behind", () => {
    const handles = binding.getNumOfTensors();
    const tensorflow = new TensorFlow(binding);
    const run = () =>
      tensorflow.scope(() => {
        const [x, y] = [2, 3].map((n) => tensorflow.tensor([n], "float32", new Float32Array(n)));
        return tensorflow.apply("Relu6Grad", "float32", x, y);
      });
    expect(run).toThrow(
      /^tfjs-node: TensorFlow's Relu6Grad failed: Inputs .*must have the same size.*; if memory ran out/s,
    );
    expect(binding.getNumOfTensors()).toBe(handles);
  });
  test("no room is told with what was asked for and what is in use, and leaves no tensor behind", async () => {
    const handles = binding.getNumOfTensors();
    const device = await tfjsNode();
    const [rows, columns] = [1, 1].map(() => device.upload(new Float32Array(2 ** 20), "float32"));
    const view = (buffer: typeof rows, shape: number[]) => ({ buffer, shape, dtype: "float32" }) as const;
    const inputs = [view(rows, [2 ** 20, 1]), view(columns, [1, 2 ** 20])];
    const multiply = () =>
      device.kernels.matmul!(inputs, { transposeX: false, transposeY: false }, [], {
        shape: [2 ** 20, 2 ** 20],
        dtype: "float32",
      });
    expect(multiply).toThrow(OutOfMemoryError);
    expect(multiply).toThrow(
      "tfjs-node: 4 TiB asked for, but the device has no room for it with 8 MiB in use; use a smaller batch",
    );
    for (const buffer of [rows, columns]) device.free(buffer);
    await device.close();
    expect(binding.getNumOfTensors()).toBe(handles);
  });
  test("an upload is a copy", async () => {
    const device = await tfjsNode();
    const host = new Float32Array(64).fill(1);
    const buffer = device.upload(host, "float32");
    host.fill(2);
    expect(await device.read(buffer)).toEqual(new Float32Array(64).fill(1));
    await device.close();
  });

  test("TensorFlow's own count of tensors is flat over 1,000 steps, and nothing is left when the device is closed", async () => {
    const handles = binding.getNumOfTensors();
    const device = await tfjsNode();
    const step = trainer(device, small, 8);
    const counts: number[] = [];
    for (let i = 0; i < 1000; i++) {
      await step(i);
      if (i === 50 || i === 999) counts.push(binding.getNumOfTensors(), tf.memory().numTensors);
    }
    expect(counts.slice(2)).toEqual(counts.slice(0, 2));
    await device.close();
    expect(binding.getNumOfTensors()).toBe(handles);
  }, 120_000);
  test("a training step transposes its images and nothing else: kernels and their gradients stay HWIO", async () => {
    const ran: string[] = [];
    const device = await tfjsNode({ tf: listening(tf, ran) });
    setBackend(device);
    const layers = [new nn.Conv2d(3, 4, 3, { padding: 1 }), new nn.ReLU(), new nn.Conv2d(4, 2, 3), new nn.ReLU()];
    const net = new nn.Sequential(...layers);
    for (let step = 0; step < 5; step++) {
      ran.length = 0;
      const loss = net
        .forward(randn([2, 3, 8, 8]))
        .square()
        .mean();
      descend(net, loss);
      await loss.item();
    }
    expect(ran).toContain("Conv2DBackpropFilter");
    expect(ran.filter((name) => name === "Transpose")).toHaveLength(1);
    await device.close();
  });
  test("LeNet's first 50 losses are those of the wasm device", async () => {
    const losses = async (device: Backend) => {
      const step = trainer(device, lenet, 28);
      const all: number[] = [];
      for (let i = 0; i < 50; i++) all.push(await step(i));
      await device.close();
      return all;
    };
    const want = await losses(await wasm());
    const got = await losses(await tfjsNode());
    got.forEach((loss, i) => void expect(Math.abs(loss - want[i])).toBeLessThan(1e-4));
    expect(new Set(want).size).toBe(50);
  });
});

/** The same tfjs, whose binding lists the ops that it runs. */
function listening(tf: TfjsNode, ran: string[]): TfjsNode {
  const backend = tensorFlowOf(tf);
  const { binding } = backend;
  const listed: Binding = {
    TF_Version: binding.TF_Version,
    createTensor: (...args) => binding.createTensor(...args),
    deleteTensor: (handle) => binding.deleteTensor(handle),
    tensorDataSync: (handle) => binding.tensorDataSync(handle),
    getNumOfTensors: () => binding.getNumOfTensors(),
    executeOp(name, ...args) {
      ran.push(name);
      return binding.executeOp(name, ...args);
    },
  };
  return { version: tf.version, findBackend: () => ({ ...backend, binding: listed }) };
}

const small = () =>
  new nn.Sequential(
    new nn.Conv2d(1, 4, 3, { padding: 1 }),
    new nn.BatchNorm2d(4),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Conv2d(4, 8, 3, { stride: 2 }),
    new nn.ReLU(),
    new nn.Flatten(),
    new nn.Dropout(0.25),
    new nn.Linear(8, 10),
  );
const lenet = () =>
  new nn.Sequential(
    new nn.Conv2d(1, 6, 5, { padding: 2 }),
    new nn.Sigmoid(),
    new nn.AvgPool2d(2),
    new nn.Conv2d(6, 16, 5),
    new nn.Sigmoid(),
    new nn.AvgPool2d(2),
    new nn.Flatten(),
    new nn.Linear(400, 120),
    new nn.Sigmoid(),
    new nn.Linear(120, 84),
    new nn.Sigmoid(),
    new nn.Linear(84, 10),
  );

function descend(net: nn.Module, loss: Tensor): void {
  loss.backward();
  noGrad(() => {
    for (const p of net.parameters()) {
      p.set(p.sub(p.grad!.mul(0.5)));
      p.grad = undefined;
    }
  });
}

/** Trains a network from seed 0 on batches that a formula makes; each call is a step and gives its loss. */
function trainer(device: Backend, make: () => nn.Sequential, size: number): (step: number) => Promise<number> {
  setBackend(device);
  manualSeed(0);
  const net = make();
  return async (step) => {
    const label = (i: number) => (i * 7 + step) % 10;
    const pixels = Float32Array.from({ length: 8 * size * size }, (_, i) => {
      const image = Math.floor(i / size ** 2);
      return Math.sin((i % size ** 2) * (0.1 + 0.05 * label(image)));
    });
    const labels = tensor(Int32Array.from({ length: 8 }, (_, i) => label(i)));
    const loss = crossEntropy(net.forward(tensor(pixels, { shape: [8, 1, size, size] })), labels);
    descend(net, loss);
    return loss.item();
  };
}
