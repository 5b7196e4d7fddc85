// Bisecting: a broken kernel is found by its module and pass, on whichever side it is; its case replays; sound devices are told apart from it.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ReferenceBuffer, reference } from "@lamina/backend-reference";
import {
  type Backend,
  crossEntropy,
  getBackend,
  type Kernel,
  manualSeed,
  nn,
  type OpName,
  type Program,
  rand,
  randint,
  setBackend,
  type Tensor,
} from "@lamina/core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { bisectBackends } from "./bisect.ts";
import type { CaseFile } from "./caseFile.ts";
import { runConformance } from "./report.ts";

/** Two blocks, each a convolution with its own path, and a head. */
class Block extends nn.Module {
  readonly conv: nn.Conv2d;
  readonly norm: nn.BatchNorm2d;
  constructor(from: number, to: number) {
    super();
    this.conv = new nn.Conv2d(from, to, 3);
    this.norm = new nn.BatchNorm2d(to);
  }
  forward(x: Tensor): Tensor {
    return this.norm.forward(this.conv.forward(x)).relu();
  }
}
class Net extends nn.Module {
  readonly layers = [new Block(1, 4), new nn.MaxPool2d(2), new nn.Dropout(0.2), new Block(4, 3)];
  readonly head = new nn.Linear(27, 5);
  forward(x: Tensor): Tensor {
    for (const layer of this.layers) x = layer.forward(x);
    return this.head.forward(x.flatten(1)).softmax(1);
  }
}
type Use = Parameters<Kernel<ReferenceBuffer>>;
/** A reference device whose kernel of one op puts one number wrong where `when` says so. */
async function broken(op: OpName, when: (...use: Use) => boolean, by = 1e-3): Promise<Backend> {
  const backend = await reference();
  const kernel: Kernel<ReferenceBuffer> = (...use) => {
    const made = backend.kernels[op]!(...use);
    if (when(...use)) made.data![0] += by;
    return made;
  };
  return { ...backend, name: "broken", kernels: { ...backend.kernels, [op]: kernel } };
}
const always = () => true;
/** Sound, and another device all the same: its sums come out a unit in the last place away. */
async function rough(): Promise<Backend> {
  const backend = await reference();
  const off = (op: "conv2d" | "matmul"): Kernel<ReferenceBuffer> => {
    return (...use) => {
      const made = backend.kernels[op]!(...use);
      made.data!.forEach((v, i, data) => {
        data[i] = v * (1 + 2 ** -23);
      });
      return made;
    };
  };
  return { ...backend, name: "rough", kernels: { ...backend.kernels, conv2d: off("conv2d"), matmul: off("matmul") } };
}

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lamina-bisect-"));
  setBackend(await reference());
  manualSeed(2);
});
afterEach(() => rm(folder, { recursive: true, force: true }));
const setup = () => ({ net: new Net(), x: rand([2, 1, 12, 12]), y: randint(0, 5, [2]) });

describe("a broken kernel", () => {
  test("is named with its module, and its case replays", async () => {
    const { net, x } = setup();
    const bad = await broken("conv2d", (inputs) => inputs[1].shape[0] === 3);
    const file = join(folder, "case.json");
    const { found, compared } = await bisectBackends(net, x, await rough(), bad, { file });
    expect(found).toMatchObject({ op: "conv2d", path: "layers.3.conv", pass: "forward", device: "broken" });
    expect(found!.message).toMatch(/^element 0 is .* but must be .* ulp, 37 allowed\)/);
    expect(compared).toBeGreaterThan(10);
    const cases = [JSON.parse(await readFile(file, "utf8")) as CaseFile];
    const report = await runConformance("broken", async () => bad, { cases });
    expect(report).toMatchObject({ failed: 1, passed: 1 }); // it passes decomposed
    expect(report.results[0]).toMatchObject({
      id: "ops/conv2d/layers.3.conv, forward",
      status: "failed",
      message: found!.message,
    });
    const sound = await runConformance("rough", rough, { cases });
    expect(sound.failed).toBe(0);
    expect(sound.passed).toBeGreaterThan(0);
  });
  test("is found on the first device too, and in the backward pass", async () => {
    const { net, x, y } = setup();
    const bad = await broken("conv2dGradWeight", (_, __, ___, out) => out.shape[1] === 1);
    const loss = (output: Tensor) => crossEntropy(output, y);
    expect((await bisectBackends(net, x, bad, await rough())).found).toBeUndefined();
    const { found } = await bisectBackends(net, x, bad, await rough(), { loss });
    expect(found).toMatchObject({ op: "conv2dGradWeight", path: "layers.0.conv", pass: "backward", device: "broken" });
  });
  test("of what the model itself records has the model's path", async () => {
    const { net, x } = setup();
    const { found } = await bisectBackends(net, x, await reference(), await broken("softmax", always));
    expect(found).toMatchObject({ op: "softmax", path: "", device: "broken" });
  });
  test("that throws is wrong as well", async () => {
    const { net, x } = setup();
    const good = await reference();
    const relu = () => {
      throw new Error("relu: no such instruction");
    };
    const bad = { ...good, name: "thrower", kernels: { ...good.kernels, relu } };
    const { found } = await bisectBackends(net, x, await rough(), bad);
    expect(found).toMatchObject({
      op: "relu",
      path: "layers.0",
      device: "thrower",
      message: "relu: no such instruction",
    });
  });
});

/** Runs programs kernel by kernel, but puts one number of a relu wrong where what it takes was made in the same program. */
async function fusing(): Promise<Backend> {
  const backend = await reference();
  const compile =
    ({ inputs, instructions, outputs }: Program) =>
    (buffers: readonly ReferenceBuffer[], scalars: readonly number[]): ReferenceBuffer[] => {
      const slots = [...buffers];
      let at = 0;
      for (const { op, attrs, scalars: n, inputs: from, out, spec, inputSpecs, frees } of instructions) {
        const views = from.map((slot, i) => ({ buffer: slots[slot], ...inputSpecs[i] }));
        slots[out] = backend.kernels[op.name as OpName]!(views, attrs, scalars.slice(at, at + n), spec);
        at += n;
        if (op.name === "relu" && from[0] >= inputs.length) slots[out].data![1] = 7;
        for (const slot of frees) backend.free(slots[slot]);
      }
      return outputs.map((slot) => slots[slot]);
    };
  return { ...backend, name: "fusing", compile };
}
describe("a program that is wrong only as a whole", () => {
  test("is named with its ops, and its case replays", async () => {
    const { net, x } = setup();
    const file = join(folder, "case.json");
    const { found } = await bisectBackends(net, x, await rough(), await fusing(), { file });
    expect(found).toMatchObject({ op: "relu", path: "layers.0", pass: "forward", device: "fusing" });
    expect(found!.program).toEqual([expect.stringMatching(/^add of layers\.0\.norm/), "relu of layers.0, forward"]);
    expect(found!.message).toMatch(
      /^each op is right by itself, but compiled into one program of 2 ops the fusing device gives another relu than kernel by kernel: element 1 is 7 but was /,
    );
    const cases = [JSON.parse(await readFile(file, "utf8")) as CaseFile];
    const report = await runConformance("fusing", fusing, { cases });
    expect(report.results).toMatchObject([{ status: "failed", message: expect.stringContaining("element 1 is 7") }]);
    expect(await runConformance("rough", rough, { cases })).toMatchObject({ failed: 0, passed: 1 });
  });
  test("in the backward pass too", async () => {
    const { net, x, y } = setup();
    const loss = (output: Tensor) => crossEntropy(output, y);
    const sound = await fusing();
    const { found } = await bisectBackends(net, x, sound, await rough(), { loss });
    expect(found).toMatchObject({ op: "relu", device: "fusing" });
  });
});

test("sound devices: nothing is found, and everything is as before", async () => {
  const { net, x, y } = setup();
  const backend = getBackend();
  const values = async () => Promise.all(Object.values(await net.stateDict()).map((t) => t.toArray()));
  const before = await values();
  const seen = await bisectBackends(net, x, await reference(), await rough(), { loss: (out) => crossEntropy(out, y) });
  expect(seen.found).toBeUndefined();
  expect(seen.compared).toBeGreaterThan(60);
  expect(getBackend()).toBe(backend);
  expect(await values()).toEqual(before);
  expect(net.modules().some((m) => Object.hasOwn(m, "forward"))).toBe(false);
});
test("a file that is no case", async () => {
  const cases = [{ format: "lamina-case", version: 1, op: "conv3d" } as unknown as CaseFile];
  await expect(runConformance("rough", rough, { cases })).rejects.toThrow("this is no case file of bisectBackends");
});
