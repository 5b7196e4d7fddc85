// Choosing the device while a program runs: by setBackend, per model and per value with to(), with devices whose reads are promises.
import { beforeEach, describe, expect, test } from "vitest";
import { type ReferenceBuffer, reference } from "../../backend-reference/src/index.ts";
import type { Backend } from "./backend.ts";
import { Cell } from "./cell.ts";
import { tensor } from "./create.ts";
import { setBackend, sync } from "./device.ts";
import { DeviceLostError } from "./errors.ts";
import { noGrad } from "./mode.ts";
import * as nn from "./nn/index.ts";
import { add, crossEntropy, full, mul, rand, sub, sum } from "./ops/functions.ts";
import { Generator, manualSeed } from "./random.ts";
import type { Tensor } from "./tensor.ts";

const plain = (name = "plain"): Promise<Backend> => reference().then((b) => ({ ...b, name }));
/** As a GPU is: reading takes a while. */
const slow = async (name = "slow"): Promise<Backend> => {
  const backend: Backend<ReferenceBuffer> = await reference();
  const read = (buffer: ReferenceBuffer) => {
    const data = backend.read(buffer);
    return new Promise<Awaited<typeof data>>((resolve) => setTimeout(() => resolve(data), 1));
  };
  return { ...backend, name, read };
};
const kinds = { plain, slow };
type Kind = keyof typeof kinds;
const pairs: [Kind, Kind][] = [
  ["plain", "plain"],
  ["plain", "slow"],
  ["slow", "plain"],
  ["slow", "slow"],
];

/** A net with all that a step can depend on: weights, running statistics, momentum, and draws of the generator. */
function trainee(seed = 1) {
  manualSeed(seed);
  const layers = [new nn.Conv2d(1, 2, 3), new nn.BatchNorm2d(2), new nn.ReLU(), new nn.Flatten(), new nn.Dropout(0.3)];
  const model = new nn.Sequential(...layers, new nn.Linear(32, 3));
  const velocities = new Map(
    model.parameters().map((p) => [p, new Cell("v", tensor(new Float32Array(p.numel), { shape: p.shape }))]),
  );
  for (const [p, v] of velocities) v.follow(p);
  const data = new Generator(7);
  const step = (): Tensor => {
    const x = tensor(data.uniforms(4 * 36), { shape: [4, 1, 6, 6] });
    const loss = crossEntropy(model.forward(x), tensor(data.integers(4, 0, 3)));
    model.zeroGrad();
    loss.backward();
    noGrad(() => {
      for (const [p, v] of velocities) {
        v.set(add(mul(v, 0.9), p.grad!));
        p.set(sub(p, mul(v, 0.1)));
      }
    });
    return loss;
  };
  const losses = async (steps: number) => {
    const all: number[] = [];
    for (let i = 0; i < steps; i++) all.push(await step().item());
    return all;
  };
  return { model, step, losses };
}
let expected: number[];
beforeEach(async () => {
  setBackend(await plain());
  expected = await trainee().losses(20);
});

test("values move to the next backend, also those that have to be computed again there", async () => {
  const x = full([3], 2);
  for (const _ of [1, 2, 3]) {
    const y = sum(add(mul(x, x), x));
    expect(await y.item()).toBe(18);
    setBackend(await reference());
  }
});

describe.each(pairs)("in mid-training, from a %s device to a %s one", (from, to) => {
  test("setBackend: the losses go on as if nothing had happened", async () => {
    setBackend(await kinds[from]());
    const { losses } = trainee();
    const first = await losses(10);
    setBackend(await kinds[to]());
    expect([...first, ...(await losses(10))]).toEqual(expected);
  });
  test("model.to: likewise, whatever setBackend says, and the first device is left empty", async () => {
    const [a, b] = [await kinds[from]("a"), await kinds[to]("b")];
    const { model, losses } = trainee();
    const before = a.memory().buffers;
    expect(model.to(a)).toBe(model);
    const first = await losses(10);
    expect(model.parameters().map((p) => p.device)).toEqual(model.parameters().map(() => a));
    model.to(b);
    await sync();
    expect([...first, ...(await losses(10))]).toEqual(expected);
    expect(a.memory().buffers).toBe(before);
    await a.close();
    expect(await losses(1)).toHaveLength(1);
  });
  test("a loop that never awaits a value awaits sync() once after the move", async () => {
    setBackend(await kinds[from]());
    const { step } = trainee();
    const all = Array.from({ length: 10 }, step);
    setBackend(await kinds[to]());
    all.push(step());
    if (from === "slow")
      expect(step).toThrow("is still on its way from the slow backend, and is needed now; await sync() once");
    await sync();
    for (let i = 0; i < 9; i++) all.push(step());
    if (from === "plain") expect(await Promise.all(all.map((l) => l.item()))).toEqual(expected);
  });
});

describe("two devices at a time", () => {
  test("models on each train side by side", async () => {
    const [a, b] = [await plain("a"), await slow("b")];
    const one = trainee(1);
    one.model.to(a);
    const [first] = await one.losses(1);
    const two = trainee(2);
    two.model.to(b);
    const alone = await two.losses(5);
    expect(first).toBe(expected[0]);
    const again = trainee(2);
    again.model.to(b);
    const losses: number[] = [];
    for (let i = 0; i < 5; i++) {
      const [x, y] = [again.step(), one.model.forward(full([4, 1, 6, 6], i)).sum()];
      losses.push(await x.item());
      expect(await y.item()).toBeTypeOf("number");
    }
    // dropout of the other model draws from the same generator in between, so only the first loss is the same
    expect(losses[0]).toBe(alone[0]);
    expect(a.memory().buffers).toBeGreaterThan(0);
    expect(b.memory().buffers).toBeGreaterThan(0);
  });
  test("numbers, masks and data from the host go where they are needed", async () => {
    const b = await plain("b");
    const w = new nn.Parameter(tensor([1, 2, 3]));
    const layer = new (class extends nn.Module {
      w = w;
      forward(x: Tensor) {
        return x
          .mul(this.w)
          .add(rand([3]).mul(0))
          .sub(1);
      }
    })().to(b);
    const y = layer.forward(tensor([1, 1, 1]));
    expect(y.device).toBe(b);
    expect(await y.toArray()).toEqual([0, 1, 2]);
  });
  test("values of two devices do not mix: the error says which and what to do", async () => {
    setBackend(await plain("a"));
    const b = await plain("b");
    const w = new nn.Parameter(tensor([1, 2]), { name: "w" });
    const v = new nn.Parameter(tensor([3, 4]), { name: "v" });
    const net = new (class extends nn.Module {
      w = w;
      forward = (x: Tensor) => x;
    })().to(b);
    expect(net.w.device).toBe(b);
    expect(() => add(v, w)).toThrow(
      /^add: input 0 \(v, shape \[2\]\) is on the a backend, but input 1 \(w, shape \[2\]\) is on the b backend; move one of them: x\.to\(backend\) for a value, model\.to\(backend\) for a model$/,
    );
    expect(() => noGrad(() => v.set(mul(w, 2)))).toThrow(
      "set: v is on the a backend but the new value is on b; move the value first, value.to(backend)",
    );
    const x = v.detach().mul(2).to(b);
    expect(x.device).toBe(b);
    expect(await noGrad(() => add(x, w)).toArray()).toEqual([7, 10]);
    expect(() => v.to(b)).toThrow(/^to: gradients do not flow from one device to another, .* detach\(\) it first/);
  });
  test("a result of a placed model stays with it when setBackend names another device", async () => {
    const b = await slow("b");
    const { model } = trainee();
    model.to(b).eval();
    const y = noGrad(() => model.forward(full([1, 1, 6, 6], 1)));
    await sync();
    setBackend(await plain("c"));
    expect(y.device).toBe(b);
    expect((await y.data()).length).toBe(3);
  });
  test("a device without the kernels is refused", async () => {
    const bad = { ...(await plain("bad")), kernels: {} };
    expect(() => trainee().model.to(bad)).toThrow(/^to: the bad backend lacks \d+ required kernels: /);
  });
  test("moving on before a copy has arrived", async () => {
    setBackend(await slow("a"));
    const { model, losses } = trainee();
    await losses(1);
    model.to(await plain("b"));
    const c = await plain("c");
    expect(() => model.to(c)).toThrow(
      /^to: 0\.weight is still on its way to the b backend; await sync\(\) before it moves on$/,
    );
    await sync();
    model.to(c);
    expect(await losses(1)).toEqual([expected[1]]);
  });
});

describe("a device that is lost", () => {
  /** Its reads are rejected, and what computes throws, once `lose` was called. */
  async function fragile(name = "gpu") {
    const backend = await slow(name);
    let lost = false;
    const alive = <T>(f: () => T): T => {
      if (lost) throw new DeviceLostError(name, "destroyed");
      return f();
    };
    const kernels = Object.fromEntries(
      Object.entries(backend.kernels).map(([op, kernel]) => [
        op,
        (...args: Parameters<typeof kernel>) => alive(() => kernel(...args)),
      ]),
    );
    const device: Backend = {
      ...backend,
      kernels,
      read: async (buffer) => alive(() => backend.read(buffer)),
      free: (buffer) => lost || backend.free(buffer),
    };
    return { device, lose: () => void (lost = true) };
  }
  const loss =
    /^gpu: the device was lost \(destroyed\), and the values on it are gone; open it again, setBackend\(\) the new one, and load the last checkpoint$/;

  test("says so wherever its values are used; new values are computed elsewhere", async () => {
    const { device, lose } = await fragile();
    setBackend(device);
    const { model, step, losses } = trainee();
    const first = await losses(3);
    const saved = await model.stateDict();
    const pending = step();
    lose();
    await expect(pending.item()).rejects.toThrow(loss);
    await expect(model.stateDict()).rejects.toThrow(DeviceLostError);
    setBackend(await plain("b"));
    await expect(losses(1)).rejects.toThrow(loss);
    model.loadStateDict(saved);
    expect(first).toEqual(expected.slice(0, 3));
    const x = full([4, 1, 6, 6], 1);
    expect(Number.isFinite(await model.forward(x).sum().item())).toBe(true);
  });
  test("results that nobody had read are gone with it, and no promise is left without a handler", async () => {
    const { device, lose } = await fragile();
    setBackend(device);
    const y = noGrad(() => full([3], 1).add(1));
    await sync();
    lose();
    setBackend(await plain("b"));
    await sync();
    await expect(y.data()).rejects.toThrow(loss);
  });
});
