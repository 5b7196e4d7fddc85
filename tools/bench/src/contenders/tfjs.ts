// TensorFlow.js: its plain, WebAssembly and WebGPU devices. Images lie channels-last, as it wants them; biases and ReLUs are
// fused into convolutions and products, as its own layers do.
import { type Layer, networks } from "../work/networks.ts";
import { centred, INPUT, labelsOf, pixelsOf } from "../work/numbers.ts";
import type { Forward, Single, Train } from "../work/works.ts";
import { type Job, namespaceOf, type Open, type Peer, product, type Runner, type Untyped } from "./contender.ts";

export const peer: Peer = {
  name: "tfjs",
  title: "TensorFlow.js",
  source: {
    kind: "npm",
    packages: {
      "@tensorflow/tfjs": "4.22.0",
      "@tensorflow/tfjs-backend-wasm": "4.22.0",
      "@tensorflow/tfjs-backend-webgpu": "4.22.0",
    },
  },
  contenders: [
    { name: "tfjs-wasm", threads: 1, where: "node", options: { backend: "wasm" } },
    { name: "tfjs-cpu", threads: 1, where: "node", options: { backend: "cpu" } },
    { name: "tfjs-webgpu", threads: 2, where: "chromium", options: { backend: "webgpu" } },
  ],
};
export const open: Open = async ([tfModule, wasmModule], { backend, folder }) => {
  const tf = namespaceOf(tfModule);
  if (backend === "wasm")
    namespaceOf(wasmModule).setWasmPaths(`${folder}/node_modules/@tensorflow/tfjs-backend-wasm/dist/`);
  if (!(await tf.setBackend(backend))) throw new Error(`tfjs: the backend ${backend} did not start`);
  await tf.ready();
  return runnerOf(tf, `TensorFlow.js ${tf.version.tfjs}`);
};

export function runnerOf(tf: Untyped, version: string): Runner {
  const device = new Tfjs(tf);
  return {
    version,
    prepare: (work) =>
      work.kind === "op" ? device.single(work) : work.kind === "train" ? device.training(work) : device.forward(work),
  };
}

/** Numbers of an array of `shape`, in the order of `axes`. */
function permuted(values: Float32Array, shape: readonly number[], axes: readonly number[]): Float32Array {
  const out = new Float32Array(values.length);
  const strides = shape.map((_, i) => product(shape.slice(i + 1)));
  const index = shape.map(() => 0);
  for (let i = 0; i < out.length; i++) {
    let at = 0;
    for (let a = 0; a < axes.length; a++) at += index[a] * strides[axes[a]];
    out[i] = values[at];
    for (let a = axes.length - 1; a >= 0 && ++index[a] === shape[axes[a]]; a--) index[a] = 0;
  }
  return out;
}

/** A layer as a function of values. */
type Apply = (x: Untyped, training: boolean) => Untyped;

class Tfjs {
  private readonly tf: Untyped;
  private readonly variables: Untyped[] = [];
  constructor(tf: Untyped) {
    this.tf = tf;
  }

  // ---- networks --------------------------------------------------------------------------------------------------------
  private images(values: Float32Array, shape: readonly number[]): Untyped {
    const [n, c, h, w] = shape;
    return this.tf.tensor(permuted(values, shape, [0, 2, 3, 1]), [n, h, w, c]);
  }
  private variable(values: Float32Array, shape: readonly number[], trainable = true): Untyped {
    const v = this.tf.variable(this.tf.tensor(values, shape), trainable);
    if (trainable) this.variables.push(v);
    return v;
  }
  /** Where "same" pads as PyTorch does, or nothing is padded, its own padding; else a pad before. */
  private padded(x: Untyped, kernel: number, stride: number, padding: number, value: number): [Untyped, string] {
    if (padding === 0) return [x, "valid"];
    if (stride === 1 && 2 * padding === kernel - 1) return [x, "same"];
    const sides = [padding, padding];
    return [this.tf.pad(x, [[0, 0], sides, sides, [0, 0]], value), "valid"];
  }
  private layer(layer: Layer, activation: "relu" | "linear"): Apply {
    const { tf } = this;
    switch (layer.type) {
      case "conv2d": {
        const { in: c, out, kernel, stride, padding, seed, bound, biasBound } = layer;
        const weights = permuted(centred(seed, out * c * kernel ** 2, bound), [out, c, kernel, kernel], [2, 3, 1, 0]);
        const filter = this.variable(weights, [kernel, kernel, c, out]);
        const bias = this.variable(centred(seed + 1, out, biasBound), [out]);
        return (image) => {
          const [x, pad] = this.padded(image, kernel, stride, padding, 0);
          return tf.fused.conv2d({ x, filter, strides: stride, pad, bias, activation });
        };
      }
      case "linear": {
        const { in: features, out, seed, bound, biasBound, image: [c, h, w] = [features, 1, 1] } = layer;
        const weights = permuted(centred(seed, out * features, bound), [out, c, h, w], [2, 3, 1, 0]);
        const b = this.variable(weights, [features, out]);
        const bias = this.variable(centred(seed + 1, out, biasBound), [out]);
        return (a) => tf.fused.matMul({ a, b, bias, activation });
      }
      case "maxPool2d":
      case "avgPool2d": {
        const { kernel, stride, padding } = layer;
        const pool = layer.type === "maxPool2d" ? tf.maxPool : tf.avgPool;
        return (image) => {
          const [x, pad] = this.padded(image, kernel, stride, padding, -3e38);
          return pool(x, kernel, stride, pad);
        };
      }
      case "batchNorm2d":
        return this.batchNorm(layer.channels);
      case "dropout":
        return (x, training) => (training ? tf.dropout(x, layer.p) : x);
      case "relu":
        return tf.relu;
      case "sigmoid":
        return tf.sigmoid;
      case "globalAvgPool2d":
        return (x) => tf.mean(x, [1, 2], true);
      case "flatten":
        return (x) => x.reshape([x.shape[0], -1]);
      default: {
        const ways = layer.ways.map((way) => this.chain(way));
        return (x, training) => {
          const ys = ways.map((way) => way(x, training));
          return layer.type === "branches" ? tf.concat(ys, 3) : tf.relu(tf.add(ys[0], ys[1]));
        };
      }
    }
  }
  private batchNorm(channels: number): Apply {
    const { tf } = this;
    const filled = (value: number, trainable: boolean) =>
      this.variable(new Float32Array(channels).fill(value), [channels], trainable);
    const [scale, offset, mean, variance] = [filled(1, true), filled(0, true), filled(0, false), filled(1, false)];
    const follow = (running: Untyped, batch: Untyped) => running.assign(tf.add(running.mul(0.9), batch.mul(0.1)));
    return (x, training) => {
      if (!training) return tf.batchNorm(x, mean, variance, offset, scale, 1e-5);
      const moments = tf.moments(x, [0, 1, 2]);
      follow(mean, moments.mean);
      follow(variance, moments.variance);
      return tf.batchNorm(x, moments.mean, moments.variance, offset, scale, 1e-5);
    };
  }
  private chain(layers: readonly Layer[]): Apply {
    const steps: Apply[] = [];
    for (let i = 0; i < layers.length; i++) {
      const { type } = layers[i];
      const fuses = (type === "conv2d" || type === "linear") && layers[i + 1]?.type === "relu";
      steps.push(this.layer(layers[i], fuses ? "relu" : "linear"));
      if (fuses) i++;
    }
    return (x, training) => steps.reduce((y, step) => step(y, training), x);
  }
  training({ network, batch, optimizer, lr }: Train): Job {
    const { tf } = this;
    const { input, layers } = networks[network];
    const model = this.chain(layers);
    const updates = optimizer === "SGD" ? tf.train.sgd(lr) : tf.train.adam(lr, 0.9, 0.999, 1e-8);
    const x = this.images(pixelsOf(batch * product(input)), [batch, ...input]);
    const labels = tf.oneHot(tf.tensor1d(labelsOf(batch), "int32"), 10);
    let value = 0;
    const { variables } = this;
    const loss = () => tf.losses.softmaxCrossEntropy(labels, model(x, true));
    return {
      async run() {
        const cost = updates.minimize(loss, true, variables);
        value = (await cost.data())[0];
        cost.dispose();
      },
      result: () => [value],
    };
  }
  forward({ network, batch }: Forward): Job {
    const { tf } = this;
    const { input, layers } = networks[network];
    const model = this.chain(layers);
    const x = this.images(pixelsOf(batch * product(input)), [batch, ...input]);
    let logits: ArrayLike<number> = [];
    return {
      async run() {
        const y = tf.tidy(() => model(x, false));
        logits = await y.data();
        y.dispose();
      },
      result: () => logits,
    };
  }

  // ---- single ops ------------------------------------------------------------------------------------------------------
  single(work: Single): Job {
    const { tf } = this;
    const compute = this.opOf(work);
    const lazy = tf.getBackend() === "webgpu";
    let y: Untyped;
    return {
      async run() {
        y?.dispose();
        y = tf.tidy(compute);
        if (lazy) await tf.tidy(() => y.flatten().slice([0], [1])).data(); // waits for the queue
      },
      result: () => y.data(),
    };
  }
  private made(at: number, shape: readonly number[], axes: readonly number[] = shape.map((_, i) => i), bound = 0.5) {
    const values = permuted(centred(INPUT + at, product(shape), bound), shape, axes);
    return this.tf.tensor(
      values,
      axes.map((a) => shape[a]),
    );
  }
  private opOf(work: Single): () => Untyped {
    const { tf } = this;
    const NHWC = [0, 2, 3, 1];
    switch (work.op) {
      case "matmul": {
        const [a, b] = [this.made(0, [work.m, work.k]), this.made(1, [work.k, work.n])];
        return () => tf.matMul(a, b);
      }
      case "conv2d":
      case "conv2dAndGrads": {
        const { n, c, h, out, kernel, stride = 1, padding = 0, groups = 1 } = work;
        const x = this.made(0, [n, c, h, h], NHWC);
        const axes = groups === 1 ? [2, 3, 1, 0] : [2, 3, 0, 1];
        const filter = this.made(1, [out, c / groups, kernel, kernel], axes, 0.1);
        const bias = this.made(2, [out]);
        const convolve = (image: Untyped, w: Untyped, b: Untyped) => {
          const [input, pad] = this.padded(image, kernel, stride, padding, 0);
          return groups === 1
            ? tf.fused.conv2d({ x: input, filter: w, strides: stride, pad, bias: b })
            : tf.add(tf.depthwiseConv2d(input, w, stride, pad), b);
        };
        if (work.op === "conv2d") return () => convolve(x, filter, bias);
        const dy = convolve(x, filter, bias);
        return () => tf.grads(convolve)([x, filter, bias], dy)[1];
      }
      case "maxPool2d":
      case "avgPool2d": {
        const { n, c, h, kernel, stride = 1, padding = 0 } = work;
        const x = this.made(0, [n, c, h, h], NHWC);
        const pool = work.op === "maxPool2d" ? tf.maxPool : tf.avgPool;
        const [image, pad] = this.padded(x, kernel, stride, padding, -3e38);
        return () => pool(image, kernel, stride, pad);
      }
      case "batchNorm": {
        const { n, c, h } = work;
        const [x, scale, offset] = [this.made(0, [n, c, h, h], NHWC), this.made(1, [c]), this.made(2, [c])];
        return () => {
          const { mean, variance } = tf.moments(x, [0, 1, 2]);
          return tf.batchNorm(x, mean, variance, offset, scale, 1e-5);
        };
      }
      case "softmax": {
        const x = this.made(0, [work.rows, work.columns]);
        return () => tf.softmax(x, 1);
      }
      case "adam": {
        const p = tf.variable(this.made(0, [work.count]), true, "p");
        const gradient = this.made(1, [work.count]);
        const updates = tf.train.adam(0.001, 0.9, 0.999, 1e-8);
        return () => {
          updates.applyGradients({ p: gradient });
          return p.clone();
        };
      }
    }
  }
}
