// jax-js on WebAssembly and WebGPU. A training step is one function under its `jit`; forward at batch 1 goes without, which is
// faster there. Optimisers are written out: they are a line each.
import { type Layer, networks } from "../work/networks.ts";
import { centred, INPUT, labelsOf, pixelsOf } from "../work/numbers.ts";
import type { Forward, Single, Train } from "../work/works.ts";
import { type Job, type Open, type Peer, product, type Untyped } from "./contender.ts";

const VERSION = "0.1.25";
export const peer: Peer = {
  name: "jax-js",
  title: "jax-js",
  source: { kind: "npm", packages: { "@jax-js/jax": VERSION } },
  contenders: [
    { name: "jax-js-wasm", threads: 1, where: "node", options: { device: "wasm" } },
    { name: "jax-js-webgpu", threads: 2, where: "chromium", options: { device: "webgpu" } },
  ],
};
export const open: Open = async ([jax]: readonly Untyped[], { device }) => {
  const here = await jax.init(device);
  if (!here.includes(device)) throw new Error(`jax-js has no ${device} here`);
  jax.defaultDevice(device);
  const maker = new JaxJs(jax);
  return {
    version: `jax-js ${VERSION}`,
    prepare: (work) =>
      work.kind === "op" ? maker.single(work) : work.kind === "train" ? maker.training(work) : maker.forward(work),
  };
};

/** Takes over `x`, and of the parameters those it needs; `key` is there in training. */
type Apply = (x: Untyped, params: readonly Untyped[], key?: Untyped) => Untyped;

class JaxJs {
  private readonly jax: Untyped;
  private readonly params: Untyped[] = [];
  constructor(jax: Untyped) {
    this.jax = jax;
  }
  private array(values: Float32Array, shape: readonly number[]): Untyped {
    return this.jax.numpy.array(values, { shape });
  }
  /** Where the parameter will be found. */
  private param(values: Float32Array, shape: readonly number[]): number {
    return this.params.push(this.array(values, shape)) - 1;
  }

  // ---- networks --------------------------------------------------------------------------------------------------------
  private pool(kind: string, x: Untyped, kernel: number, stride: number, padding: number): Untyped {
    const { lax, numpy: np } = this.jax;
    const sides = [padding, padding];
    const value = { constantValues: kind === "maxPool2d" ? -3e38 : 0 };
    const padded = padding ? np.pad(x, [[0, 0], [0, 0], sides, sides], value) : x;
    const reduce = kind === "maxPool2d" ? np.max : np.mean;
    return lax.reduceWindow(padded, (window: Untyped) => reduce(window), [kernel, kernel], [stride, stride]);
  }
  private convolve(x: Untyped, w: Untyped, b: Untyped, stride: number, padding: number, groups = 1): Untyped {
    const sides = [padding, padding];
    const y = this.jax.lax.convGeneralDilated(x, w, [stride, stride], [sides, sides], { featureGroupCount: groups });
    return y.add(b.reshape([1, -1, 1, 1]));
  }
  private normalised(x: Untyped, scale: Untyped, offset: Untyped): Untyped {
    const { numpy: np } = this.jax;
    const mean = np.mean(x.ref, [0, 2, 3], { keepdims: true });
    const centred = x.sub(mean);
    const variance = np.mean(centred.ref.mul(centred.ref), [0, 2, 3], { keepdims: true });
    const unit = centred.div(np.sqrt(variance.add(1e-5)));
    return unit.mul(scale.reshape([1, -1, 1, 1])).add(offset.reshape([1, -1, 1, 1]));
  }
  private layer(layer: Layer): Apply {
    const { numpy: np, nn, random } = this.jax;
    switch (layer.type) {
      case "conv2d": {
        const { in: c, out, kernel, stride, padding, seed, bound, biasBound } = layer;
        const w = this.param(centred(seed, out * c * kernel ** 2, bound), [out, c, kernel, kernel]);
        const b = this.param(centred(seed + 1, out, biasBound), [out]);
        return (x, params) => this.convolve(x, params[w].ref, params[b].ref, stride, padding);
      }
      case "linear": {
        const { in: features, out, seed, bound, biasBound } = layer;
        const w = this.param(centred(seed, out * features, bound), [out, features]);
        const b = this.param(centred(seed + 1, out, biasBound), [out]);
        return (x, params) => np.dot(x, params[w].ref.transpose()).add(params[b].ref);
      }
      case "maxPool2d":
      case "avgPool2d":
        return (x) => this.pool(layer.type, x, layer.kernel, layer.stride, layer.padding);
      case "batchNorm2d": {
        const filled = (value: number) => this.param(new Float32Array(layer.channels).fill(value), [layer.channels]);
        const [scale, offset] = [filled(1), filled(0)];
        return (x, params, key) => {
          if (key) return this.normalised(x, params[scale].ref, params[offset].ref);
          // running statistics that nothing has moved: mean 0, variance 1
          const column = (i: number) => params[i].ref.reshape([1, -1, 1, 1]);
          return x
            .mul(column(scale))
            .div(Math.sqrt(1 + 1e-5))
            .add(column(offset));
        };
      }
      case "dropout":
        return (x, _, key) => {
          if (!key) return x;
          const kept = random.bernoulli(key.ref, 1 - layer.p, x.shape);
          return np.where(kept, x.div(1 - layer.p), 0);
        };
      case "relu":
        return (x) => nn.relu(x);
      case "sigmoid":
        return (x) => nn.sigmoid(x);
      case "globalAvgPool2d":
        return (x) => np.mean(x, [2, 3], { keepdims: true });
      case "flatten":
        return (x) => x.reshape([x.shape[0], -1]);
      default: {
        const ways = layer.ways.map((way) => this.chain(way));
        return (x, params, key) => {
          const ys = ways.map((way) => way(x.ref, params, key));
          x.dispose();
          return layer.type === "branches" ? np.concatenate(ys, 1) : nn.relu(ys[0].add(ys[1]));
        };
      }
    }
  }
  private chain(layers: readonly Layer[]): Apply {
    const steps = layers.map((layer) => this.layer(layer));
    return (x, params, key) => steps.reduce((y, step) => step(y, params, key), x);
  }
  training({ network, batch, optimizer, lr }: Train): Job {
    const { numpy: np, nn, jit, valueAndGrad, random, blockUntilReady } = this.jax;
    const { input, layers } = networks[network];
    const model = this.chain(layers);
    const x = this.array(pixelsOf(batch * product(input)), [batch, ...input]);
    const y = nn.oneHot(np.array([...labelsOf(batch)], { dtype: np.int32 }), 10);
    const loss = (params: Untyped[], x: Untyped, y: Untyped, key: Untyped) =>
      np.mean(np.sum(nn.logSoftmax(model(x, params, key)).mul(y), 1)).mul(-1);
    let state = optimizer === "SGD" ? [] : [...this.params, ...this.params].map((p) => np.zerosLike(p.ref));
    let params = this.params;
    let steps = 0;
    let value = 0;
    const step = jit((params: Untyped[], state: Untyped[], x: Untyped, y: Untyped, key: Untyped, t: Untyped) => {
      const [value, gradients] = valueAndGrad(loss)(
        params.map((p) => p.ref),
        x,
        y,
        key,
      );
      if (optimizer === "SGD") return [value, params.map((p, i) => p.sub(gradients[i].mul(lr))), []];
      const n = params.length;
      const m = gradients.map((g: Untyped, i: number) => state[i].mul(0.9).add(g.ref.mul(0.1)));
      const v = gradients.map((g: Untyped, i: number) => state[n + i].mul(0.999).add(g.ref.mul(g).mul(0.001)));
      const unbias = (beta: number) => np.subtract(1, np.exp(t.ref.mul(Math.log(beta))));
      const moved = params.map((p, i) => {
        const scale = np.sqrt(v[i].ref.div(unbias(0.999))).add(1e-8);
        return p.sub(m[i].ref.div(unbias(0.9)).div(scale).mul(lr));
      });
      t.dispose();
      return [value, moved, [...m, ...v]];
    });
    return {
      async run() {
        const [cost, ...next] = step(params, state, x.ref, y.ref, random.key(steps), np.array(++steps));
        [params, state] = next;
        await blockUntilReady(params);
        value = (await cost.data())[0];
      },
      result: () => [value],
    };
  }
  forward({ network, batch }: Forward): Job {
    const { input, layers } = networks[network];
    const model = this.chain(layers);
    const x = this.array(pixelsOf(batch * product(input)), [batch, ...input]);
    let logits: ArrayLike<number> = [];
    return {
      run: async () => {
        logits = await model(x.ref, this.params).data();
      },
      result: () => logits,
    };
  }

  // ---- single ops ------------------------------------------------------------------------------------------------------
  single(work: Single): Job {
    const compute = this.opOf(work);
    let y: Untyped;
    return {
      run: async () => {
        y?.dispose();
        y = compute();
        await this.jax.blockUntilReady(y);
      },
      result: () => y.ref.data(),
    };
  }
  private made(at: number, shape: readonly number[], bound = 0.5): Untyped {
    return this.array(centred(INPUT + at, product(shape), bound), shape);
  }
  private opOf(work: Single): () => Untyped {
    const { numpy: np, nn, vjp } = this.jax;
    switch (work.op) {
      case "matmul": {
        const [a, b] = [this.made(0, [work.m, work.k]), this.made(1, [work.k, work.n])];
        return () => np.matmul(a.ref, b.ref);
      }
      case "conv2d":
      case "conv2dAndGrads": {
        const { n, c, h, out, kernel, stride = 1, padding = 0, groups = 1 } = work;
        const w = this.made(1, [out, c / groups, kernel, kernel], 0.1);
        const [x, b] = [this.made(0, [n, c, h, h]), this.made(2, [out])];
        const convolve = (x: Untyped, w: Untyped, b: Untyped) => this.convolve(x, w, b, stride, padding, groups);
        if (work.op === "conv2d") return () => convolve(x.ref, w.ref, b.ref);
        return () => {
          const [y, back] = vjp(convolve, [x.ref, w.ref, b.ref]);
          const [dx, dw, db] = back(y);
          back.dispose();
          dx.dispose();
          db.dispose();
          return dw;
        };
      }
      case "maxPool2d":
      case "avgPool2d": {
        const { n, c, h, kernel, stride = 1, padding = 0 } = work;
        const x = this.made(0, [n, c, h, h]);
        return () => this.pool(work.op, x.ref, kernel, stride, padding);
      }
      case "batchNorm": {
        const { n, c, h } = work;
        const [x, scale, offset] = [this.made(0, [n, c, h, h]), this.made(1, [c]), this.made(2, [c])];
        return () => this.normalised(x.ref, scale.ref, offset.ref);
      }
      case "softmax": {
        const x = this.made(0, [work.rows, work.columns]);
        return () => nn.softmax(x.ref, 1);
      }
      case "adam":
        throw new Error("jax-js has Adam in another package; its step is timed with the networks");
    }
  }
}
