// Wide mode: V8 can make one instruction of 256 bits of two of 128 that stand side by side (Node on x64; WebAssembly itself ends at
// 128). It is one of V8's experiments, off unless its flag is set, which holds for the whole process. So it is tried out first: the
// same kernels with and without it, whose results must be the same bits, and which must be faster.
import { assemble, Fn, I32, type Relaxed } from "./assembler.ts";
import { notice } from "./engine/threads.ts";
import { kernelOf } from "./kernels/emit.ts";
import { outerProducts, RowsTimesPanels8 } from "./kernels/product.ts";
import { emitLoop } from "./pointwise/loop.ts";

/** The part of Node that is used here. */
interface Node {
  readonly arch?: string;
  readonly versions?: { readonly v8?: string };
  readonly getBuiltinModule?: (name: "node:v8") => { setFlagsFromString(flags: string): void };
}
const { process } = globalThis as { readonly process?: Node };

/** Of V8: the first version that was tried (Node 24). */
const FIRST_VERSION = 13;
const FLAG = "experimental-wasm-revectorize";
/** What wide mode must take of the time without it, at most, to be worth it. */
const WORTH = 0.85;

/** Undefined until it has been found out; then why it is off, or "" if it is on. */
let outcome: string | undefined;

/** Turns wide mode on if it is wanted and can be had; says whether it is on. What `true` asks for and does not get, it gets a notice of. */
export function widen(wanted: "auto" | boolean, relaxed: boolean): boolean {
  if (wanted === false) return false;
  const reason = relaxed ? (outcome ??= tryOut()) : "256 bits are made of relaxed SIMD, which is off or not there";
  if (reason && wanted === true) notice(`computes with 128 bits: ${reason}`);
  return reason === "";
}

function tryOut(): string {
  const version = Number.parseInt(process?.versions?.v8 ?? "", 10);
  const v8 = process?.getBuiltinModule?.("node:v8");
  if (!v8 || process?.arch !== "x64" || !(version >= FIRST_VERSION))
    return "256 bits are had in Node 24 or later on x64";
  v8.setFlagsFromString(`--no-${FLAG}`);
  const narrow = optimised(v8, "narrow");
  v8.setFlagsFromString(`--${FLAG}`);
  const wide = optimised(v8, "wide");
  const reason = judge(narrow, wide);
  if (reason) v8.setFlagsFromString(`--no-${FLAG}`);
  return reason;
}

/** The kernels of the trial, compiled as V8 compiles what has run for a while. */
function optimised(v8: { setFlagsFromString(flags: string): void }, name: string): Trial {
  const functions = kernels.map((emit) => emit(name === "wide" ? "wide" : true));
  const doors = functions.map((f, i) => {
    const door = new Fn(`${name}${i}`, [I32, I32, I32]); // with other names, or V8 would take the code that it has
    f.params.forEach((_, at) => void door.get(Math.min(at, 2)));
    return door.call(i);
  });
  const code = assemble([...functions, ...doors]);
  v8.setFlagsFromString("--no-liftoff");
  v8.setFlagsFromString("--no-wasm-lazy-compilation");
  const memory = new WebAssembly.Memory({ initial: 3 });
  const module = new WebAssembly.Module(code);
  v8.setFlagsFromString("--liftoff");
  v8.setFlagsFromString("--wasm-lazy-compilation");
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const numbers = new Float32Array(memory.buffer);
  for (let i = 0; i < OUT / 4; i++) numbers[i] = ((i * 7919) % 1009) / 256 - 2;
  const run = (i: number) => (exports[`${name}${i}`] as (...at: number[]) => void)(0, RIGHT, OUT);
  return { run, results: new Int32Array(memory.buffer, OUT) };
}
interface Trial {
  readonly run: (kernel: number) => void;
  readonly results: Int32Array;
}

/** Runs of a kernel with either, taken in turns; the shortest counts. On a busy machine it takes more of them until one is not disturbed. */
const [FEWEST_ROUNDS, MOST_ROUNDS] = [8, 200];

/** Why wide mode is to stay off; empty if it is not. */
function judge(narrow: Trial, wide: Trial): string {
  for (let i = 0; i < kernels.length; i++) {
    for (const trial of [narrow, wide]) trial.run(i);
    if (narrow.results.some((word, k) => word !== wide.results[k])) return "256 bits give other results here";
  }
  const least = [narrow, wide].map(() => Number.POSITIVE_INFINITY);
  const wins = () => least[1] < WORTH * least[0];
  for (let round = 0; round < MOST_ROUNDS && (round < FEWEST_ROUNDS || !wins()); round++)
    for (const [k, trial] of [narrow, wide].entries()) {
      const start = performance.now();
      trial.run(0);
      least[k] = Math.min(least[k], performance.now() - start);
    }
  return wins() ? "" : "256 bits are not faster here";
}

// ---- what is tried: a product, outer products, and a function of each number ---------------------------------------------
const [ROWS, COLUMNS, STEPS] = [48, 32, 128];
/** Bytes from the start of the memory: two operands, then the result. */
const [RIGHT, OUT] = [65536, 131072];

function product(relaxed: Relaxed): Fn {
  const f = kernelOf(3, relaxed);
  const tiles = f.local(I32);
  const rows = new RowsTimesPanels8(f, {
    steps: STEPS,
    columns: COLUMNS,
    rowStride: 4 * STEPS,
    outStride: 4 * COLUMNS,
  });
  f.i32(ROWS / rows.height).set(tiles);
  rows.emit({ rows: 0, panels: 1, out: 2, tiles });
  return f;
}
function outer(relaxed: Relaxed): Fn {
  const f = kernelOf(3, relaxed);
  const steps = f.local(I32);
  f.i32(STEPS).set(steps);
  const shape = { rows: ROWS, columns: COLUMNS, leftStride: 4 * ROWS, rightStride: 4 * COLUMNS, adds: false };
  outerProducts(f, { ...shape, sumStride: 4 * COLUMNS }, { left: 0, right: 1, sums: 2, steps });
  return f;
}
function pointwise(relaxed: Relaxed): Fn {
  const load = { dtype: "float32", strides: [1] } as const;
  const values = [
    { kind: "load", dtype: "float32", load: 0 },
    { kind: "load", dtype: "float32", load: 1 },
    ...["sigmoid", "maximum", "mul"].map((op, i) => ({ kind: "op", dtype: "float32", op, args: [i, i + 1] }) as const),
  ] as const;
  return emitLoop({ sizes: [1003], loads: [load, load], values, stores: [4] }, relaxed, false);
}
const kernels = [product, outer, pointwise];
