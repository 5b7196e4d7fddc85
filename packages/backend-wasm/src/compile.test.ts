// Whole programs: fusing, placing and sharing change nothing, memory stays flat, and a failed run leaves nothing behind.
import type { Instruction, Program, Spec, TypedArray } from "@lamina/core";
import { sizeOf } from "@lamina/core";
import { fuse, nodesOf, withoutDead } from "@lamina/core/passes";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Compiler } from "./compile.ts";
import { Heap } from "./memory.ts";
import { isPointwise } from "./pointwise/ops.ts";

/** Writes a program down line by line. */
class Writer {
  readonly inputs: Spec[];
  readonly instructions: Instruction[] = [];
  readonly scalars: number[] = [];
  constructor(inputs: Spec[]) {
    this.inputs = inputs;
  }
  specOf(slot: number): Spec {
    return slot < this.inputs.length ? this.inputs[slot] : this.instructions[slot - this.inputs.length].spec;
  }
  /** `seen` are the inputs' specs where they differ from what the slots were made as: reshapes. */
  add(name: string, inputs: number[], spec: Spec, attrs: object = {}, scalars: number[] = [], seen?: Spec[]): number {
    const op = { name, infer: () => spec, grad: "none" as const };
    const out = this.inputs.length + this.instructions.length;
    const inputSpecs = seen ?? inputs.map((slot) => this.specOf(slot));
    this.instructions.push({ op, attrs, scalars: scalars.length, inputs, out, spec, inputSpecs, frees: [] });
    this.scalars.push(...scalars);
    return out;
  }
  program(outputs: number[]): Program {
    return { inputs: this.inputs, instructions: this.instructions, outputs };
  }
}
const f32 = (...shape: number[]): Spec => ({ shape, dtype: "float32" });
const noise = (spec: Spec, seed: number): TypedArray => {
  let s = seed * 7919 + 1;
  return Float32Array.from({ length: sizeOf(spec.shape) }, () => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    return s / 2 ** 31 - 1;
  });
};

function evaluate(program: Program, scalars: readonly number[], passes: boolean): number[][] {
  const heap = new Heap();
  const run = new Compiler(heap, { relaxed: true, passes }).compile(program);
  const inputs = program.inputs.map((spec, i) => heap.upload(noise(spec, i), spec.dtype));
  const out = run(inputs, scalars);
  const values = out.map((b) => Array.from(heap.read(b)));
  for (const b of [...inputs, ...out]) heap.free(b);
  expect(heap.info()).toMatchObject({ bytes: 0, buffers: 0 });
  return values;
}

// ---- random programs -------------------------------------------------------------------------------------------------------
const shapes = [
  [2, 3, 4, 5],
  [2, 3, 20],
  [6, 20],
  [120],
  [2, 3, 1, 1],
  [3, 1, 1],
  [6, 1],
  [1, 20],
  [1],
  [2, 3, 1],
  [4, 5],
];
const unary = ["neg", "relu", "sigmoid", "square", "abs", "tanh"];
const binary = ["add", "sub", "mul", "maximum", "sigmoidGrad", "reluGrad"];
const broadcastsTo = (from: readonly number[], to: readonly number[]) =>
  from.length <= to.length && from.every((n, i) => n === 1 || n === to[to.length - from.length + i]);

/** Each number of `choices` picks what the next instruction is, out of what can follow. */
function randomProgram(choices: readonly number[]): { program: Program; scalars: number[] } {
  const w = new Writer(shapes.map((shape) => f32(...shape)));
  const slots = () => [...Array(w.inputs.length + w.instructions.length).keys()];
  for (const choice of choices) {
    const pick = <T>(list: readonly T[], salt: number): T =>
      list[Math.abs(Math.imul(choice + salt, 2654435761)) % list.length];
    const x = pick(slots(), 1);
    const spec = w.specOf(x);
    const kind = pick(["unary", "binary", "binary", "expand", "expand", "full", "reshape", "where", "permute"], 2);
    if (kind === "unary") w.add(pick(unary, 3), [x], spec);
    else if (kind === "binary") {
      const same = slots().filter((slot) => `${w.specOf(slot).shape}` === `${spec.shape}`);
      w.add(pick(binary, 3), [x, pick(same, 4)], spec);
    } else if (kind === "expand") {
      const to = pick(
        shapes.filter((s) => broadcastsTo(spec.shape, s)),
        5,
      );
      if (to) w.add("expand", [x], f32(...to), { shape: to });
    } else if (kind === "full") w.add("full", [], spec, spec, [choice / 1000]);
    else if (kind === "reshape") {
      const to = pick(
        shapes.filter((s) => sizeOf(s) === sizeOf(spec.shape)),
        6,
      );
      w.add(pick(unary, 7), [x], f32(...to), {}, [], [f32(...to)]);
    } else if (kind === "where") {
      const c = w.add("less", [x, x], { shape: spec.shape, dtype: "bool" });
      w.add("where", [c, x, x], spec);
    } else if (spec.shape.length === 2) w.add("permute", [x], f32(spec.shape[1], spec.shape[0]), { axes: [1, 0] });
  }
  const last = w.inputs.length + w.instructions.length - 1;
  const outputs = slots().filter((slot) => slot >= w.inputs.length && (slot === last || slot % 5 === 0));
  return { program: w.program(outputs), scalars: w.scalars };
}

test("the passes change no bit of any program", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 1e6 }), { minLength: 1, maxLength: 60 }), (choices) => {
      const { program, scalars } = randomProgram(choices);
      expect(evaluate(program, scalars, true)).toEqual(evaluate(program, scalars, false));
    }),
    { seed: 5, numRuns: 150 },
  );
});

test("a chain whose middle must leave the loop is not fused across it", () => {
  const w = new Writer([f32(4, 5)]);
  const y = w.add("sigmoid", [0], f32(4, 5));
  const turned = w.add("permute", [y], f32(5, 4), { axes: [1, 0] });
  const q = w.add("relu", [turned], f32(4, 5), {}, [], [f32(4, 5)]);
  const product = w.add("mul", [y, q], f32(4, 5));
  const program = w.program([product]);
  expect(evaluate(program, [], true)).toEqual(evaluate(program, [], false));
});

test("axes that cannot be cut alike are not put into one loop", () => {
  const w = new Writer([f32(2, 3), f32(2, 1), f32(3, 1)]);
  const rows = w.add("mul", [0, w.add("expand", [1], f32(2, 3), { shape: [2, 3] })], f32(2, 3));
  const turned = w.add(
    "add",
    [rows, w.add("expand", [2], f32(3, 2), { shape: [3, 2] })],
    f32(3, 2),
    {},
    [],
    [f32(3, 2), f32(3, 2)],
  );
  const program = w.program([turned]);
  expect(evaluate(program, [], true)).toEqual(evaluate(program, [], false));
});

test("an output of one, computed again by another, an input as its own output's source, and a dead branch", () => {
  const w = new Writer([f32(7)]);
  const a = w.add("neg", [0], f32(7));
  const b = w.add("neg", [0], f32(7));
  w.add("exp", [a], f32(7));
  const program = w.program([a, b]);
  const [x, y] = evaluate(program, [], true);
  expect(x).toEqual(y);
  expect(x).toEqual(Array.from(noise(f32(7), 0), (v) => -v));
});

test("new scalars need no new code, and give what a new program would", () => {
  const write = (rate: number) => {
    const w = new Writer([f32(100), f32(100)]);
    const lr = w.add("expand", [w.add("full", [], f32(), f32(), [rate])], f32(100), { shape: [100] });
    const program = w.program([w.add("sub", [0, w.add("mul", [lr, 1], f32(100))], f32(100))]);
    return { program, scalars: w.scalars };
  };
  const { program, scalars } = write(0.1);
  const heap = new Heap();
  const run = new Compiler(heap, { relaxed: true }).compile(program);
  const inputs = program.inputs.map((spec, i) => heap.upload(noise(spec, i), "float32"));
  expect(Array.from(heap.read(run(inputs, scalars)[0]))).toEqual(evaluate(program, scalars, true)[0]);
  const other = write(0.7);
  expect(Array.from(heap.read(run(inputs, [0.7])[0]))).toEqual(evaluate(other.program, other.scalars, true)[0]);
});

test("an optimiser's update is one kernel: Adam, two moments and a parameter", () => {
  const shape = f32(33);
  const w = new Writer([shape, shape, shape, shape]);
  const [p, g, m, v] = [0, 1, 2, 3];
  const number = (x: number) => w.add("expand", [w.add("full", [], f32(), f32(), [x])], shape, { shape: [33] });
  const two = (op: string, a: number, b: number) => w.add(op, [a, b], shape);
  const m2 = two("add", two("mul", m, number(0.9)), two("mul", g, number(0.1)));
  const v2 = two("add", two("mul", v, number(0.999)), two("mul", two("mul", g, g), number(0.001)));
  const root = two("add", w.add("sqrt", [two("div", v2, number(0.001))], shape), number(1e-8));
  const p2 = two("sub", p, two("mul", number(0.01), two("div", two("div", m2, number(0.1)), root)));
  const program = w.program([p2, m2, v2]);
  expect(kernelsOf(program)).toBe(1);
  expect(evaluate(program, w.scalars, true)).toEqual(evaluate(program, w.scalars, false));
});

test("a bias is read where it is: adding it to images, and relu, is one kernel that writes nothing else", () => {
  const image = f32(2, 3, 4, 5);
  const w = new Writer([image, f32(1, 3, 1, 1)]);
  const bias = w.add("expand", [1], image, { shape: image.shape });
  const program = w.program([w.add("relu", [w.add("add", [0, bias], image)], image)]);
  expect(kernelsOf(program)).toBe(1);
  const heap = new Heap();
  const run = new Compiler(heap, { relaxed: true }).compile(program);
  const inputs = program.inputs.map((spec, i) => heap.upload(noise(spec, i), "float32"));
  heap.free(run(inputs, [])[0]);
  expect(heap.info().peakBytes).toBe(2 * 480 + 12 + 4 * 4); // images, a bias, and the addresses of four arguments
});

const kernelsOf = (program: Program): number => {
  const { units } = fuse(withoutDead(nodesOf(program), program.outputs), program.outputs, { isPointwise });
  return units.length;
};

test("a thousand runs take no more memory than one, and the memory may grow in between", () => {
  const w = new Writer([f32(64, 64)]);
  let x = 0;
  for (let i = 0; i < 6; i++) x = w.add("permute", [w.add("sigmoid", [x], f32(64, 64))], f32(64, 64), { axes: [1, 0] });
  const program = w.program([x]);
  const heap = new Heap();
  const run = new Compiler(heap, { relaxed: true }).compile(program);
  const input = heap.upload(noise(f32(64, 64), 3), "float32");
  const first = run([input], []);
  const want = Array.from(heap.read(first[0]));
  heap.free(first[0]);
  const size = heap.memory.buffer.byteLength;
  for (let i = 0; i < 1000; i++) heap.free(run([input], [])[0]);
  expect(heap.memory.buffer.byteLength).toBe(size);
  const big = heap.allocate("float32", size); // grows, and detaches every view
  expect(heap.memory.buffer.byteLength).toBeGreaterThan(size);
  const [again] = run([input], []);
  expect(Array.from(heap.read(again))).toEqual(want);
  heap.free(big);
  heap.free(again);
  expect(heap.info().buffers).toBe(1);
});

test("a run that does not fit leaves nothing behind", () => {
  const w = new Writer([f32(1)]);
  const small = w.add("neg", [0], f32(1));
  const large = w.add("expand", [small], f32(1 << 20), { shape: [1 << 20] });
  const program = w.program([small, large]);
  const heap = new Heap(1 << 20);
  const run = new Compiler(heap, { relaxed: true }).compile(program);
  const input = heap.upload(Float32Array.of(1), "float32");
  expect(() => run([input], [])).toThrow(
    "wasm: 4 MiB asked for, but the device has no room for it with 8 B in use of at most 1 MiB; use a smaller batch",
  );
  expect(heap.info()).toMatchObject({ bytes: 4, buffers: 1 });
});

test("results of no elements are made without running anything", () => {
  const w = new Writer([f32(0, 3)]);
  const program = w.program([w.add("neg", [0], f32(0, 3))]);
  expect(evaluate(program, [], true)).toEqual([[]]);
});
