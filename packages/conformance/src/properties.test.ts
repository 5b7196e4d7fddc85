// The reference backend by properties that hold for every input: linearity, shift equivariance, adjointness. No number here
// was computed by anyone else.
import { reference } from "@lamina/backend-reference";
import { sizeOf } from "@lamina/core";
import { beforeAll, describe, expect, test } from "vitest";
import type { OpCase } from "./case.ts";
import { opCases } from "./cases/index.ts";
import { seedOf, valuesOf } from "./inputs.ts";
import { byKernel, recordOf, type Use, useOf, type Value } from "./subject.ts";

let backend: Awaited<ReturnType<typeof reference>>;
beforeAll(async () => {
  backend = await reference({ precision: "double" });
});
const compute = async (use: Use) => (await byKernel(backend, use)) as Float64Array;
const noise = (name: string, shape: readonly number[]): Value => ({
  shape,
  dtype: "float32",
  data: valuesOf({ shape, dtype: "float32", fill: { from: -1, to: 1 } }, seedOf(name)),
});
const inner = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.from(a).reduce((sum, v, i) => sum + v * b[i], 0);
const near = (a: number, b: number) => expect(Math.abs(a - b)).toBeLessThan(1e-9 * (1 + Math.abs(a)));
const replace = (use: Use, i: number, value: Value): Use => ({
  ...use,
  inputs: use.inputs.map((x, j) => (j === i ? value : x)),
});

const finite = (c: OpCase) =>
  c.inputs.every(({ fill }) => !("values" in fill)) && c.inputs.every((x) => sizeOf(x.shape) > 0);
const casesOf = (op: OpCase["op"]) => opCases.filter((c) => c.op === op && finite(c));

/** Linear in the inputs named. */
const linear: Partial<Record<OpCase["op"], readonly number[]>> = {
  conv2d: [0, 1],
  conv2dGradInput: [0, 1],
  conv2dGradWeight: [0, 1],
  matmul: [0, 1],
  avgPool2d: [0],
  avgPool2dGrad: [0],
  maxPool2dGrad: [0],
  softmaxGrad: [0],
  logSoftmaxGrad: [0],
};
describe("linearity: f(2a - 3b) = 2 f(a) - 3 f(b)", () => {
  for (const [op, inputs] of Object.entries(linear))
    test(op, async () => {
      for (const c of casesOf(op as OpCase["op"]))
        for (const i of inputs) {
          const use = useOf(c);
          const a = noise(`${c.name} a`, use.inputs[i].shape);
          const b = noise(`${c.name} b`, use.inputs[i].shape);
          const mixed = { ...a, data: Float64Array.from(a.data, (v, k) => 2 * v - 3 * b.data[k]) };
          const [fa, fb, f] = [
            await compute(replace(use, i, a)),
            await compute(replace(use, i, b)),
            await compute(replace(use, i, mixed)),
          ];
          f.forEach((v, k) => near(v, 2 * fa[k] - 3 * fb[k]));
        }
    });
});

describe("adjointness: <conv2d(x, w), dy> = <x, gradInput(dy, w)> = <w, gradWeight(x, dy)>", () => {
  for (const c of casesOf("conv2d"))
    test(c.name, async () => {
      const use = useOf(c);
      const [x, w] = use.inputs;
      const dy = noise(`${c.name} dy`, use.out.shape);
      const forward = inner(await compute(use), dy.data);
      const adjoint = async (op: OpCase["op"], inputs: Value[], attrs: object) =>
        compute({ op, inputs, attrs, scalars: [], out: recordOf(op).infer(inputs, attrs) });
      near(
        forward,
        inner(x.data, await adjoint("conv2dGradInput", [dy, w], { ...use.attrs, inputSize: x.shape.slice(2) })),
      );
      near(
        forward,
        inner(w.data, await adjoint("conv2dGradWeight", [x, dy], { ...use.attrs, kernelSize: w.shape.slice(2) })),
      );
    });
});
describe("adjointness: <avgPool2d(x), dy> = <x, avgPool2dGrad(dy)>", () => {
  for (const c of casesOf("avgPool2d"))
    test(c.name, async () => {
      const use = useOf(c);
      const dy = noise(`${c.name} dy`, use.out.shape);
      const attrs = { ...use.attrs, inputSize: use.inputs[0].shape.slice(2) };
      const back = await compute({
        op: "avgPool2dGrad",
        inputs: [dy],
        attrs,
        scalars: [],
        out: { shape: use.inputs[0].shape, dtype: "float32" },
      });
      near(inner(await compute(use), dy.data), inner(use.inputs[0].data, back));
    });
});

test("shift equivariance: moving the image by the stride moves the result by one", async () => {
  const attrs = { stride: [2, 3], padding: [0, 0, 0, 0], dilation: [1, 1], groups: 1 };
  const [h, w] = [12, 15];
  const x = noise("shift", [1, 2, h, w]);
  const kernel = noise("kernel", [3, 2, 3, 3]);
  const moved = {
    ...x,
    data: x.data.map((_, i, data) => {
      const [row, column] = [Math.floor(i / w) % h, i % w];
      return row + 2 < h && column + 3 < w ? data[i + 2 * w + 3] : 0;
    }) as Float32Array,
  };
  const run = (value: Value) =>
    compute({
      op: "conv2d",
      inputs: [value, kernel],
      attrs,
      scalars: [],
      out: recordOf("conv2d").infer([value, kernel], attrs),
    });
  const [y, z] = [await run(x), await run(moved)];
  const [oh, ow] = [5, 5];
  for (let o = 0; o < 3; o++)
    for (let i = 0; i + 1 < oh - 1; i++)
      for (let j = 0; j + 1 < ow - 1; j++) expect(z[(o * oh + i) * ow + j]).toBe(y[(o * oh + i + 1) * ow + j + 1]);
});
