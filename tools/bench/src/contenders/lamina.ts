// Ours: lamina on its WebAssembly device in Node, as it is by default (wider than 128 bits where that wins) and with 128 bits only; and on
// WebGPU in Chromium.
import {
  avgPool2d,
  batchNorm,
  Cell,
  cat,
  conv2d,
  crossEntropy,
  manualSeed,
  matmul,
  maxPool2d,
  nn,
  noGrad,
  Parameter,
  relu,
  setBackend,
  softmax,
  sync,
  type Tensor,
  tensor,
} from "@lamina/core";
import { Adam, SGD } from "@lamina/train";
import { type Layer, type Network, networks } from "../work/networks.ts";
import { centred, INPUT, labelsOf, pixelsOf } from "../work/numbers.ts";
import type { Forward, Single, Train, Work } from "../work/works.ts";
import { type Job, type Open, type Options, type Peer, product } from "./contender.ts";

export const peer: Peer = {
  name: "lamina",
  title: "lamina",
  source: { kind: "workspace", packages: ["core", "backend-wasm", "models", "train"] },
  contenders: [
    { name: "lamina-1t", threads: 1, where: "node" },
    { name: "lamina-2t", threads: 2, where: "node" },
    { name: "lamina-1t-128bit", threads: 1, where: "node", options: { wide: false } },
    { name: "lamina-2t-128bit", threads: 2, where: "node", options: { wide: false } },
    { name: "lamina-webgpu", threads: 2, where: "chromium", options: { device: "webgpu" } },
  ],
};

async function deviceOf({ device, threads, wide }: Options) {
  if (device === "webgpu") return (await import("@lamina/backend-webgpu")).webgpu();
  return (await import("@lamina/backend-wasm")).wasm({
    threads: Number(threads),
    wide: wide === false ? false : "auto",
  });
}
export const open: Open = async (_, options) => {
  const device = await deviceOf(options);
  setBackend(device);
  manualSeed(0);
  const details = Object.entries(device.details ?? {}).map(([name, value]) => `${name} ${value}`);
  return { version: [`lamina, ${device.name}`, ...details].join(", "), prepare };
};
/** On the device that is set. */
export const prepare = (work: Work): Job =>
  work.kind === "op" ? single(work) : work.kind === "train" ? training(work) : forward(work);

class Ways extends nn.Module {
  readonly ways: nn.ModuleList;
  private readonly joins: boolean;
  constructor(ways: readonly nn.Module[], joins: boolean) {
    super();
    this.ways = new nn.ModuleList(ways);
    this.joins = joins;
  }
  override forward(x: Tensor): Tensor {
    const ys = [...this.ways].map((way) => way.forward(x));
    return this.joins ? cat(ys, 1) : relu(ys[0].add(ys[1]));
  }
}
function withStart<M extends nn.Conv2d | nn.Linear>(
  module: M,
  { seed, bound, biasBound }: Extract<Layer, { seed: number }>,
): M {
  const fill = (p: Parameter, at: number, limit: number) =>
    p.set(tensor(centred(at, p.numel, limit), { shape: p.shape }));
  noGrad(() => {
    fill(module.weight, seed, bound);
    fill(module.bias!, seed + 1, biasBound);
  });
  return module;
}
function moduleOf(layer: Layer): nn.Module {
  switch (layer.type) {
    case "conv2d": {
      const { stride, padding } = layer;
      return withStart(new nn.Conv2d(layer.in, layer.out, layer.kernel, { stride, padding }), layer);
    }
    case "linear":
      return withStart(new nn.Linear(layer.in, layer.out), layer);
    case "maxPool2d":
      return new nn.MaxPool2d(layer.kernel, { stride: layer.stride, padding: layer.padding });
    case "avgPool2d":
      return new nn.AvgPool2d(layer.kernel, { stride: layer.stride, padding: layer.padding });
    case "batchNorm2d":
      return new nn.BatchNorm2d(layer.channels);
    case "dropout":
      return new nn.Dropout(layer.p);
    case "relu":
      return new nn.ReLU();
    case "sigmoid":
      return new nn.Sigmoid();
    case "globalAvgPool2d":
      return new nn.GlobalAvgPool2d();
    case "flatten":
      return new nn.Flatten();
    default:
      return new Ways(layer.ways.map(chain), layer.type === "branches");
  }
}
const chain = (layers: readonly Layer[]): nn.Module =>
  layers.length ? new nn.Sequential(...layers.map(moduleOf)) : new nn.Identity();
export const modelOf = ({ layers }: Network): nn.Module => chain(layers);

function training({ network, batch, optimizer, lr }: Train): Job {
  const { input, ...rest } = networks[network];
  const model = modelOf({ input, ...rest });
  const updates = new { SGD, Adam }[optimizer](model.parameters(), { lr });
  const shape = [batch, ...input];
  const [pixels, labels] = [pixelsOf(product(shape)), labelsOf(batch)];
  let value = 0;
  return {
    async run() {
      const loss = crossEntropy(model.forward(tensor(pixels, { shape })), tensor(labels));
      updates.zeroGrad();
      loss.backward();
      updates.step();
      value = await loss.item();
    },
    result: () => [value],
  };
}
function forward({ network, batch }: Forward): Job {
  const { input, ...rest } = networks[network];
  const model = modelOf({ input, ...rest }).eval();
  const shape = [batch, ...input];
  const pixels = pixelsOf(product(shape));
  let logits: ArrayLike<number> = [];
  return {
    async run() {
      logits = (await noGrad(() => model.forward(tensor(pixels, { shape }))).data()) as Float32Array;
    },
    result: () => logits,
  };
}

const made = (at: number, shape: readonly number[], bound = 0.5): Cell =>
  new Cell("x", tensor(centred(INPUT + at, product(shape), bound), { shape }), { trainable: true });

function single(work: Single): Job {
  const compute = functionOf(work);
  const recorded = work.op === "conv2dAndGrads" || work.op === "adam";
  let y: Tensor | undefined;
  return {
    async run() {
      // as other libraries must: who keeps what nobody reads has it sent to the host when it becomes too much
      if (!recorded) y?.dispose();
      y = recorded ? compute() : noGrad(compute);
      await sync();
    },
    result: async () => (await y!.data()) as Float32Array,
  };
}
/** A function that does the op once: its inputs are on the device. */
function functionOf(work: Single): () => Tensor {
  switch (work.op) {
    case "matmul": {
      const [a, b] = [made(0, [work.m, work.k]), made(1, [work.k, work.n])];
      return () => matmul(a, b);
    }
    case "conv2d":
    case "conv2dAndGrads": {
      const { n, c, h, out, kernel, stride, padding, groups = 1 } = work;
      const [x, w, b] = [made(0, [n, c, h, h]), made(1, [out, c / groups, kernel, kernel], 0.1), made(2, [out])];
      const convolve = () => conv2d(x, w, b, { stride, padding, groups });
      if (work.op === "conv2d") return convolve;
      let y: Tensor | undefined;
      return () => {
        y?.dispose();
        for (const cell of [x, w, b]) cell.grad = undefined;
        y = convolve();
        y.backward(y);
        return w.grad!;
      };
    }
    case "maxPool2d":
    case "avgPool2d": {
      const { n, c, h, kernel, stride, padding } = work;
      const x = made(0, [n, c, h, h]);
      const options = { stride, padding };
      return work.op === "maxPool2d" ? () => maxPool2d(x, kernel, options) : () => avgPool2d(x, kernel, options);
    }
    case "batchNorm": {
      const { n, c, h } = work;
      const [x, weight, bias] = [made(0, [n, c, h, h]), made(1, [c]), made(2, [c])];
      return () => batchNorm(x, undefined, undefined, { training: true, weight, bias });
    }
    case "softmax": {
      const x = made(0, [work.rows, work.columns]);
      return () => softmax(x, 1);
    }
    case "adam": {
      const p = new Parameter(tensor(centred(INPUT, work.count, 0.5)));
      const updates = new Adam([p]);
      const gradient = made(1, [work.count]);
      return () => {
        p.grad = gradient;
        updates.step();
        return p;
      };
    }
  }
}
