// What the loops share: an instrumented device, a small model written as users write one, and a meter that says
// whether anything was computed twice or kept.
import assert from "node:assert/strict";
import { reference } from "@lamina/backend-reference";
import {
  type Backend,
  Buffer,
  batchNormTrain,
  type Cell,
  crossEntropy,
  linear,
  memory,
  noGrad,
  Parameter,
  type Program,
  relu,
  type SessionOptions,
  setBackend,
  stats,
  type Tensor,
  tensor,
} from "@lamina/core";
import { EagerMLP, type Mat, matrix, rng } from "./eager.ts";

export const STEPS = 50;
export const IN = 6;
export const H = 8;
export const OUT = 3;
export const N = 16;

// ---- the device ------------------------------------------------------------------------------------------------------
interface Device {
  /** The next kernel of this op throws. */
  failAt: string | undefined;
  /** Kernels that have run. */
  executed: number;
}
/** Everything decided beforehand; a real backend fuses and places here. */
const compile = (backend: Backend) => (program: Program) => {
  const outputs = program.outputs.slice();
  const steps = program.instructions.map((k) => ({ ...k, kernel: backend.kernels[k.op.name as "add"]! }));
  return (inputs: readonly unknown[], scalars: readonly number[]) => {
    const slots = inputs.slice();
    const alive = new Set<number>();
    let s = 0;
    try {
      for (const k of steps) {
        const views = k.inputs.map((slot, i) => ({ ...k.inputSpecs[i], buffer: slots[slot] }));
        slots[k.out] = k.kernel(views, k.attrs, scalars.slice(s, s + k.scalars), k.spec);
        s += k.scalars;
        alive.add(k.out);
        for (const slot of k.frees) {
          backend.free(slots[slot]);
          alive.delete(slot);
        }
      }
    } catch (error) {
      for (const slot of alive) backend.free(slots[slot]);
      throw error;
    }
    return outputs.map((slot) => slots[slot]);
  };
};
/** The one that setup() opened last: meters count its kernels, not what the engine says of itself. */
let current: Device;
async function instrumented({
  compiled,
  syncReads,
}: {
  compiled: boolean;
  syncReads: boolean;
}): Promise<Backend & { device: Device }> {
  const device: Device = { failAt: undefined, executed: 0 };
  const plain = await reference({
    beforeKernel(name: string) {
      if (device.failAt === name) {
        device.failAt = undefined;
        throw new Error(`${name}: out of memory`);
      }
      device.executed++;
    },
  });
  const read = (buffer: unknown) =>
    syncReads ? plain.read(buffer as never) : Promise.resolve(plain.read(buffer as never));
  const backend = Object.assign(Object.create(plain) as Backend, plain, { read, device });
  return compiled ? Object.assign(backend, { compile: compile(backend) }) : backend;
}

// ---- the model -------------------------------------------------------------------------------------------------------
interface Weights {
  w: Float32Array;
  b: Float32Array;
  shape: [number, number];
}
class Norm {
  gamma: Parameter;
  beta: Parameter;
  mean: Buffer;
  variance: Buffer;
  training = true;
  constructor(name: string, n: number) {
    this.gamma = new Parameter(tensor(Array(n).fill(1)), { name: `${name}.weight` });
    this.beta = new Parameter(tensor(Array(n).fill(0)), { name: `${name}.bias` });
    this.mean = new Buffer(tensor(Array(n).fill(0)), { name: `${name}.runningMean` });
    this.variance = new Buffer(tensor(Array(n).fill(1)), { name: `${name}.runningVar` });
  }
  forward(x: Tensor): Tensor {
    const [n] = x.shape;
    if (!this.training) return x.sub(this.mean).div(this.variance.add(1e-5).sqrt()).mul(this.gamma).add(this.beta);
    const { y, mean, variance } = batchNormTrain(x, { weight: this.gamma, bias: this.beta, eps: 1e-5 });
    noGrad(() => {
      this.mean.set(this.mean.mul(0.9).add(mean.mul(0.1)));
      this.variance.set(this.variance.mul(0.9).add(variance.mul((0.1 * n) / (n - 1))));
    });
    return y;
  }
}
export class MLP {
  layers: [Parameter, Parameter][];
  norm: Norm | undefined;
  constructor(weights: Weights[], name = "fc", norm = false) {
    this.layers = weights.map(({ w, b, shape }, i) => [
      new Parameter(tensor(w, { shape }), { name: `${name}${i + 1}.weight` }),
      new Parameter(tensor(b), { name: `${name}${i + 1}.bias` }),
    ]);
    this.norm = norm ? new Norm(`${name}.norm`, weights[0].shape[1]) : undefined;
  }
  get params(): Parameter[] {
    return [...this.layers.flat(), ...(this.norm ? [this.norm.gamma, this.norm.beta] : [])];
  }
  hidden(x: Tensor, act: (x: Tensor) => Tensor): Tensor {
    const h = dense(x, this.layers[0]);
    return act(this.norm ? this.norm.forward(h) : h);
  }
  forward(x: Tensor, act: (x: Tensor) => Tensor = relu): Tensor {
    return dense(this.hidden(x, act), this.layers[1]);
  }
}
/** Weights stored [in, out], unlike nn.Linear's, so that the plain loops of eager.ts read them as they are. */
export const dense = (x: Tensor, [w, b]: readonly [Tensor, Tensor]): Tensor => linear(x, w.transpose(0, 1), b);
export const hits = (logits: Tensor, labels: Tensor): Tensor => logits.argmax(1).eq(labels).int().sum();
export { crossEntropy };

// ---- optimisers, as short as users write them ------------------------------------------------------------------------
const zerosLike = (p: Cell) => tensor(new Float32Array(p.numel), { shape: p.shape });
export class SGD {
  params: Parameter[];
  lr: number;
  momentum: number;
  velocity: Buffer[];
  constructor(params: Parameter[], lr: number, momentum = 0) {
    this.params = params;
    this.lr = lr;
    this.momentum = momentum;
    this.velocity = momentum ? params.map((p) => new Buffer(zerosLike(p), { name: `${p.name}.velocity` })) : [];
  }
  step(): void {
    noGrad(() =>
      this.params.forEach((p, i) => {
        let g = p.grad;
        if (!g) return;
        if (this.momentum) {
          g = this.velocity[i].mul(this.momentum).add(g);
          this.velocity[i].set(g);
        }
        p.set(p.sub(g.mul(this.lr)));
      }),
    );
  }
  zeroGrad(): void {
    for (const p of this.params) p.grad = undefined;
  }
}
export class Adam {
  params: Parameter[];
  lr: number;
  t = 0;
  m: Buffer[];
  v: Buffer[];
  constructor(params: Parameter[], lr: number) {
    this.params = params;
    this.lr = lr;
    this.m = params.map((p) => new Buffer(zerosLike(p), { name: `${p.name}.m` }));
    this.v = params.map((p) => new Buffer(zerosLike(p), { name: `${p.name}.v` }));
  }
  step(): void {
    this.t++;
    const c = Math.sqrt(1 - 0.999 ** this.t);
    const rate = (this.lr * c) / (1 - 0.9 ** this.t);
    noGrad(() =>
      this.params.forEach((p, i) => {
        const g = p.grad;
        if (!g) return;
        const m = this.m[i].mul(0.9).add(g.mul(0.1));
        const v = this.v[i].mul(0.999).add(g.mul(g).mul(0.001));
        this.m[i].set(m);
        this.v[i].set(v);
        p.set(p.sub(m.div(v.sqrt().add(1e-8 * c)).mul(rate)));
      }),
    );
  }
  zeroGrad(): void {
    for (const p of this.params) p.grad = undefined;
  }
}
/** Scales all gradients so that their joint norm is at most `max`; on the device, nothing is read. */
export function clipGradNorm(params: Parameter[], max: number): Tensor {
  return noGrad(() => {
    const norm = params
      .map((p) => p.grad!.mul(p.grad!).sum())
      .reduce((a, b) => a.add(b))
      .sqrt();
    const scale = norm.add(1e-6).reciprocal().mul(max).clamp({ max: 1 });
    for (const p of params) p.grad = p.grad!.mul(scale);
    return norm.keep(); // people log it after the step, when accumulated gradients have moved on
  });
}

// ---- setting up ------------------------------------------------------------------------------------------------------
export interface Setup {
  compiled?: boolean;
  norm?: boolean;
  options?: SessionOptions;
  syncReads?: boolean;
  seed?: number;
}
/** A window of 8 small results. */
export const SMALL_WINDOW = 1 << 15;
export async function setup({ compiled = true, norm = false, options = {}, syncReads = false, seed = 7 }: Setup = {}) {
  const backend = await instrumented({ compiled, syncReads });
  current = backend.device;
  setBackend(backend, { resultBytes: SMALL_WINDOW, ...options });
  return { device: backend.device, ...models(seed, norm) };
}
export function models(seed = 7, norm = false, name = "fc") {
  const r = rng(seed);
  const P = [matrix(r, IN, H, 0.8), matrix(r, 1, H, 0.1), matrix(r, H, OUT, 0.8), matrix(r, 1, OUT, 0.1)];
  const flat = (m: Mat) => Float32Array.from(m.flat());
  const layer = (w: Mat, b: Mat): Weights => ({ w: flat(w), b: flat(b), shape: [w.length, w[0].length] });
  return { model: new MLP([layer(P[0], P[1]), layer(P[2], P[3])], name, norm), eager: new EagerMLP(P, norm) };
}
export function batches(seed = 3, n = N) {
  const r = rng(seed);
  return (size = n) => {
    const X = matrix(r, size, IN);
    const Y = X.map((row) => (row[0] + row[1] > 0.4 ? 2 : row[2] > 0 ? 1 : 0));
    return { X, Y, x: tensor(X.flat(), { shape: [size, IN] }), y: tensor(Y, { dtype: "int32" }) };
  };
}

// ---- checking --------------------------------------------------------------------------------------------------------
export const close = (a: number, b: number, what = ""): void =>
  assert.ok(Math.abs(a - b) <= 2e-5 * Math.max(1, Math.abs(b)), `${what}: ${a} instead of ${b}`);
export function closeAll(a: ArrayLike<number>, b: ArrayLike<number>, what = ""): void {
  assert.equal(a.length, b.length);
  for (let i = 0; i < b.length; i++) close(a[i], b[i], `${what}[${i}]`);
}
export async function sameParams(model: MLP, eager: EagerMLP): Promise<void> {
  for (const [i, p] of model.params.entries()) closeAll(await p.data(), eager.P[i].flat(), p.name);
}

interface Row {
  live: number;
  bytes: number;
  executed: number;
  recorded: number;
  recomputed: number;
}
export interface Expectation {
  programs: number;
  /** From this step on nothing is computed twice. */
  from?: number;
  flatFrom?: number;
  /** Memory comes back after this many steps. */
  period?: number;
  /** What is recorded in one step may run in the next. */
  lag?: boolean;
  /** Memory may grow: unread results up to the window. */
  grows?: boolean;
}
export class Meter {
  readonly rows: Row[] = [];
  private last = this.counts();
  private counts() {
    const { recorded, recomputed } = stats();
    return { recorded, executed: current.executed, recomputed };
  }
  /** Starts the step anew: what ran since the last one is not counted. */
  skip(): void {
    this.last = this.counts();
  }
  step(): void {
    const now = this.counts();
    const { buffers, bytes } = memory();
    this.rows.push({
      live: buffers,
      bytes,
      recorded: now.recorded - this.last.recorded,
      executed: now.executed - this.last.executed,
      recomputed: now.recomputed - this.last.recomputed,
    });
    this.last = now;
  }
  /** Step 1 may compute something twice; from `from` on every recorded op runs exactly once, and memory is flat. */
  check({ programs, from = 2, flatFrom = from, period = 1, lag = false, grows = false }: Expectation): void {
    const steady = this.rows.slice(from - 1);
    assert.deepEqual(
      steady.map((r) => r.recomputed),
      steady.map(() => 0),
      "recomputed in the steady state",
    );
    if (lag) {
      const gap = steady.reduce((n, r) => n + r.executed - r.recorded, 0);
      assert.ok(Math.abs(gap) <= steady[0].recorded, `${gap} more executed than recorded`);
    } else
      assert.deepEqual(
        steady.map((r) => r.executed),
        steady.map((r) => r.recorded),
        "executed as recorded",
      );
    if (!grows) this.checkFlat(this.rows.slice(flatFrom - 1), period);
    assert.ok(stats().programs <= programs, `${stats().programs} programs, at most ${programs} expected`);
  }
  private checkFlat(rows: Row[], period: number): void {
    for (const key of ["live", "bytes"] as const) {
      const seen = rows.map((r) => r[key]);
      assert.deepEqual(seen.slice(period), seen.slice(0, -period), `${key} is not flat`);
    }
  }
}
