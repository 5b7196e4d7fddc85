// Sums that are added up where their terms are made, and values that are worked out again: which calls there are, and that the
// results are those of a program that runs as it is written.
import type { Instruction, Program, Spec } from "@lamina/core";
import { sizeOf } from "@lamina/core";
import { describe, expect, test } from "vitest";
import { type CompileOptions, Compiler } from "./compile.ts";
import { explain } from "./explain.ts";
import { Heap } from "./memory.ts";

const f32 = (...shape: number[]): Spec => ({ shape, dtype: "float32" });
type Line = [name: string, inputs: number[], spec: Spec, attrs?: object, seen?: Spec[]];

function programOf(inputs: Spec[], lines: readonly Line[], outputs: number[]): Program {
  const specs = [...inputs];
  const instructions = lines.map(([name, from, spec, attrs = {}, seen]): Instruction => {
    const op = { name, infer: () => spec, grad: "none" as const };
    const out = specs.push(spec) - 1;
    const inputSpecs = seen ?? from.map((i) => specs[i]);
    return { op, attrs, scalars: 0, inputs: from, inputSpecs, out, spec, frees: [] };
  });
  return { inputs, instructions, outputs };
}
const options: CompileOptions = { relaxed: true, winograd: "off" };
function run(program: Program, more: Partial<CompileOptions> = {}): number[][] {
  const heap = new Heap();
  const inputs = program.inputs.map((spec, i) =>
    heap.upload(
      Float32Array.from({ length: sizeOf(spec.shape) }, (_, k) => 1 + Math.sin(k * 0.7 + i)),
      spec.dtype,
    ),
  );
  const execute = new Compiler(heap, { ...options, ...more }).compile(program);
  return execute(inputs, []).map((buffer) => Array.from(heap.read(buffer)));
}
const callsOf = (program: Program): string[] =>
  explain(new Compiler(new Heap(), options).plan(program))
    .split("\n")
    .filter((line) => /^ *\d+ [a-z]/.test(line) && !line.includes("calls,"))
    .map((line) => line.replace(/^ *\d+ /, "").replace(/ \(.*/, ""));

function expectEqual(program: Program): void {
  const got = run(program);
  run(program, { passes: false }).forEach((list, i) => {
    const scale = Math.max(...list.map(Math.abs));
    list.forEach((v, k) => void expect(Math.abs(got[i][k] - v)).toBeLessThanOrEqual(2e-6 * scale));
  });
}

describe.each([
  ["columns", [600, 40], [0], []],
  ["columns that fill no vector", [999, 19], [0], []],
  ["columns in one slice, of a prime number of rows", [16411, 3], [0], []],
  ["columns seen as images", [7, 30, 20, 5], [0, 1, 2], []],
  ["rows", [5, 7, 30, 20], [0, 2, 3], []],
  ["rows that fill no vector", [20, 33, 37], [0, 2], []],
  ["short rows, which are left alone", [100, 40, 5], [0, 2], ["left"]],
] as const)("sums of %s", (_, shape, axes, [left]) => {
  const x = f32(...shape);
  const kept = f32(...shape.filter((__, axis) => !(axes as readonly number[]).includes(axis)));
  const lines: Line[] = [
    ["square", [0], x],
    ["sum", [2], kept, { axes }],
    ["mul", [2, 1], x],
    ["sum", [4], kept, { axes }],
  ];
  test("join the loop that makes their terms", () => {
    const program = programOf([x, x], lines, [3, 5]);
    expect(callsOf(program)).toEqual(left ? ["square, mul", "sum", "sum"] : ["square, mul, sum, sum", "sums"]);
    expectEqual(program);
  });
  test("and leave what others read", () => {
    const program = programOf([x, x], lines, [3, 4, 5]);
    expectEqual(program);
  });
});

const conv = { stride: [1, 1], padding: [1, 1, 1, 1], dilation: [1, 1], groups: 1 };
const [image, weights, y, channels] = [f32(4, 16, 24, 24), f32(12, 16, 3, 3), f32(4, 12, 24, 24), f32(12)];
const beside = f32(1, 12, 1, 1);

test("sums of what a convolution writes are added up after each of its slices", () => {
  const program = programOf(
    [image, weights],
    [
      ["conv2d", [0, 1], y, conv],
      ["sum", [2], channels, { axes: [0, 2, 3] }],
    ],
    [2, 3],
  );
  expect(callsOf(program).filter((name) => name.startsWith("sum"))).toEqual(["sums"]);
  expect(explain(new Compiler(new Heap(), options).plan(program))).toContain(
    "after each slice: sum (pointwise/summing.ts)",
  );
  expectEqual(program);
});

test("a value less its mean is worked out where it is read, and what is handed out is kept", () => {
  const lines: Line[] = [
    ["conv2d", [0, 1], y, conv],
    ["sum", [2], channels, { axes: [0, 2, 3] }],
    ["expand", [3], y, { shape: y.shape }, [beside]],
    ["sub", [2, 4], y],
    ["square", [5], y],
    ["sum", [6], channels, { axes: [0, 2, 3] }],
    ["expand", [7], y, { shape: y.shape }, [beside]],
    ["mul", [5, 8], y],
    ["relu", [9], y],
  ];
  const program = programOf([image, weights], lines, [10]);
  const calls = callsOf(program);
  expect(calls).toContain("sub, square, sum");
  expect(calls).toContain("sub, mul, relu");
  expectEqual(program);
  const kept = programOf([image, weights], lines, [5, 10]);
  expect(callsOf(kept)).toContain("sub, square, sum");
  expect(callsOf(kept)).toContain("mul, relu");
  expectEqual(kept);
});

describe("the sum over what is put together linearly", () => {
  const x = f32(600, 40);
  const [kept, row] = [f32(40), f32(1, 40)];
  const sum = (slot: number): Line => ["sum", [slot], kept, { axes: [0] }];
  const sumsIn = (program: Program) =>
    callsOf(program).reduce((count, name) => count + name.split(", ").filter((op) => op === "sum").length, 0);
  // 4: x·w, 5: x·w - y, 6: its negative
  const parts: Line[] = [
    ["expand", [2], x, { shape: x.shape }, [row]],
    ["mul", [0, 3], x],
    ["sub", [4, 1], x],
    ["neg", [5], x],
  ];
  test("follows from the sums that are there", () => {
    const program = programOf([x, x, kept], [...parts, sum(0), sum(1), sum(6)], [6, 7, 8, 9]);
    expect(sumsIn(program)).toBe(2);
    expectEqual(program);
  });
  test("is read where one of them is missing, or comes later", () => {
    for (const lines of [
      [sum(0), sum(6)],
      [sum(6), sum(0), sum(1)],
    ]) {
      const outputs = [6, ...lines.map((_, i) => 7 + i)];
      const program = programOf([x, x, kept], [...parts, ...lines], outputs);
      expect(sumsIn(program)).toBe(lines.length);
      expectEqual(program);
    }
  });
  test("of something that is not the same along the axes is read", () => {
    const along = f32(600, 1);
    const lines: Line[] = [["expand", [1], x, { shape: x.shape }], ["mul", [0, 2], x], sum(0), sum(3)];
    const program = programOf([x, along], lines, [4, 5]);
    expect(sumsIn(program)).toBe(2);
    expectEqual(program);
  });
});
