// Chains: which loops move to the kernel that they follow, and that nothing changes by it.
import type { Instruction, Program, Spec } from "@lamina/core";
import { sizeOf } from "@lamina/core";
import { expect, test } from "vitest";
import { Compiler } from "./compile.ts";
import { Heap } from "./memory.ts";
import { Profile } from "./profile.ts";

const f32 = (...shape: number[]): Spec => ({ shape, dtype: "float32" });
type Line = [name: string, inputs: number[], spec: Spec, attrs?: object];

function programOf(inputs: Spec[], lines: readonly Line[], outputs: number[]): Program {
  const specs = [...inputs];
  const instructions = lines.map(([name, from, spec, attrs = {}]): Instruction => {
    const op = { name, infer: () => spec, grad: "none" as const };
    const out = specs.push(spec) - 1;
    return { op, attrs, scalars: 0, inputs: from, inputSpecs: from.map((i) => specs[i]), out, spec, frees: [] };
  });
  return { inputs, instructions, outputs };
}
/** What the outputs are, and the names of the kernels that ran. */
function run(program: Program, passes: boolean): { values: number[][]; kernels: string[] } {
  const heap = new Heap();
  const profile = new Profile();
  const execute = new Compiler(heap, { relaxed: true, passes, profile, winograd: "off" }).compile(program);
  const inputs = program.inputs.map((spec, i) =>
    heap.upload(
      Float32Array.from({ length: sizeOf(spec.shape) }, (_, k) => Math.sin(k * 0.7 + i)),
      spec.dtype,
    ),
  );
  const values = execute(inputs, []).map((buffer) => Array.from(heap.read(buffer)));
  const kernels = profile.take().flatMap(({ kernel, stages }) => [kernel, ...Object.keys(stages)]);
  return { values, kernels };
}
const isLoop = (kernel: string) => kernel.startsWith("loop");
const isChain = (kernel: string) => kernel.includes(" then ");

const weights = { transposeX: true, transposeY: false };
const [dy, x, w] = [f32(7, 200), f32(7, 130), f32(200, 130)];

test("an update runs with the product that is its gradient, which nobody else has to keep", () => {
  const lines: Line[] = [
    ["matmul", [0, 1], w, weights],
    ["sub", [2, 3], w],
  ];
  const program = programOf([dy, x, w], lines, [4]);
  const { values, kernels } = run(program, true);
  expect(values).toEqual(run(program, false).values);
  expect(kernels.filter(isLoop)).toEqual([]);
  expect(kernels.filter(isChain)).toHaveLength(1);
});
test("a gradient that is handed out is kept, and read by others as ever", () => {
  const lines: Line[] = [
    ["matmul", [0, 1], w, weights],
    ["sub", [2, 3], w],
    ["sum", [3], f32(200), { axes: [1] }],
  ];
  const program = programOf([dy, x, w], lines, [3, 4, 5]);
  const { values, kernels } = run(program, true);
  expect(values).toEqual(run(program, false).values);
  expect(kernels.filter(isChain)[0]).toContain("kept");
});
test("a loop that needs what is not there yet stays where it is", () => {
  const lines: Line[] = [
    ["matmul", [0, 1], w, weights],
    ["sum", [2], f32(200), { axes: [1] }],
  ];
  const program = programOf([dy, x], lines, []);
  const [product, sum] = program.instructions;
  // the sum is seen as a column
  const column = f32(200, 1);
  const expand: Instruction = {
    ...sum,
    op: { ...sum.op, name: "expand" },
    attrs: { shape: w.shape },
    inputs: [3],
    inputSpecs: [column],
    out: 4,
    spec: w,
  };
  const sub: Instruction = {
    ...product,
    op: { ...product.op, name: "sub" },
    attrs: {},
    inputs: [2, 4],
    inputSpecs: [w, w],
    out: 5,
  };
  const whole = { ...program, instructions: [product, sum, expand, sub], outputs: [5] };
  const { values, kernels } = run(whole, true);
  expect(values).toEqual(run(whole, false).values);
  expect(kernels.filter(isChain)).toEqual([]);
});
test("a bias after a convolution, in place of the result, whole rows or pixels at a time", () => {
  const conv = { stride: [1, 1], padding: [0, 0, 0, 0], dilation: [1, 1], groups: 1 };
  const [image, kernel, bias, y] = [f32(2, 8, 9, 7), f32(12, 8, 1, 1), f32(1, 12, 1, 1), f32(2, 12, 9, 7)];
  const lines: Line[] = [
    ["conv2d", [0, 1], y, conv],
    ["expand", [2], y, { shape: y.shape }],
    ["add", [3, 4], y],
    ["relu", [5], y],
  ];
  const program = programOf([image, kernel, bias], lines, [6]);
  const { values, kernels } = run(program, true);
  const plain = run(program, false).values;
  values[0].forEach((v, i) => void expect(v).toBeCloseTo(plain[0][i], 5));
  expect(kernels.filter(isLoop)).toEqual([]);
  expect(kernels.filter(isChain)).toHaveLength(1);
});
