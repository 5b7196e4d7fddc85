// For tests: runs one lowered kernel on a memory of its own, checks that it wrote only what is its own to write, and compares
// with the reference backend's float64 result.
import { reference } from "@lamina/backend-reference";
import { allocate, bytesOf, type OpName, type Spec, sizeOf, type TypedArray } from "@lamina/core";
import { assemble, Fn, type Relaxed } from "../assembler.ts";
import { hostFunctions, hostImports } from "../pointwise/host.ts";
import { type Lower, type Lowered, stagesOf } from "./lowered.ts";

const PAGE = 65536;
const SLACK = 64;
/** What slack, scratch and results hold before a kernel runs: as a float32 it is NaN, and it shows if it gets into a result. */
const JUNK = 0xff;

const aligned = (bytes: number): number => Math.ceil(bytes / 16) * 16;

/** Runs a kernel once, its slices backwards. */
export function execute(
  lowered: Lowered,
  specs: readonly Spec[],
  inputs: readonly TypedArray[],
  out: Spec,
  relaxed: Relaxed = true,
): TypedArray {
  const { scratchBytes, ownBytes } = lowered;
  const sizes = [
    ...specs.map(bytesOf),
    bytesOf(out),
    ...[scratchBytes, ownBytes].filter((bytes) => bytes !== undefined),
  ];
  let end = SLACK;
  const places = sizes.map((bytes) => {
    const at = end;
    end = aligned(at + bytes) + SLACK;
    return at;
  });
  const memory = new WebAssembly.Memory({ initial: Math.ceil(end / PAGE) });
  const bytes = new Uint8Array(memory.buffer);
  bytes.fill(JUNK);
  inputs.forEach((x, i) => bytes.set(new Uint8Array(x.buffer, x.byteOffset, x.byteLength), places[i]));
  const own = places.map((at, i): [number, number] => [at, at + sizes[i]]).slice(specs.length);
  const before = without(own, bytes);
  for (const { emit, slices } of stagesOf(lowered)) {
    const run = instantiate(emit(relaxed), memory);
    if (slices === undefined) run(...places);
    // in no particular order: from the last to the first shows what leans on another slice
    else for (let slice = slices - 1; slice >= 0; slice--) run(...places, slice);
  }
  const changed = without(own, bytes).findIndex((b, i) => b !== before[i]);
  if (changed >= 0) throw new Error(`the kernel wrote at ${changed}, outside of ${own.join(" and ")}`);
  const array = allocate(out.dtype, sizeOf(out.shape));
  new Uint8Array(array.buffer).set(bytes.subarray(...own[0]));
  return array;
}

function without(regions: readonly [number, number][], bytes: Uint8Array): Uint8Array {
  const rest = bytes.slice();
  for (const [from, to] of regions) rest.fill(0, from, to);
  return rest;
}

function instantiate(f: Fn, memory: WebAssembly.Memory): (...pointers: number[]) => void {
  const run = new Fn("run", f.params);
  f.params.forEach((_, i) => void run.get(i));
  const code = assemble([f, run.call(hostImports.length)], hostImports);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(code), { env: { memory, ...hostFunctions } });
  return instance.exports.run as (...pointers: number[]) => void;
}

/** Numbers that are the same for the same seed: xorshift32 (Marsaglia, 2003). */
export class Numbers {
  private state: number;
  constructor(seed: number) {
    this.state = (seed * 2654435761) | 1;
  }
  /** In [0, 1). */
  next(): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return (this.state >>> 0) / 2 ** 32;
  }
  /** A whole number from `low` to `high`. */
  whole(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }
  /** float32 in [-1, 1), integers in -50..50 or 0..200. */
  array({ shape, dtype }: Spec): TypedArray {
    const array = allocate(dtype, sizeOf(shape));
    for (let i = 0; i < array.length; i++)
      array[i] =
        dtype === "float32"
          ? this.next() * 2 - 1
          : dtype === "int32"
            ? this.whole(-50, 50)
            : this.whole(0, dtype === "bool" ? 1 : 200);
    return array;
  }
}

const oracle = await reference({ precision: "double" });

/** What the definition of `op` gives. */
export function expected(
  op: OpName,
  specs: readonly Spec[],
  inputs: readonly TypedArray[],
  attrs: object,
  out: Spec,
): TypedArray {
  const views = specs.map((spec, i) => ({ ...spec, buffer: oracle.upload(inputs[i], spec.dtype) }));
  const buffer = oracle.kernels[op]!(views, attrs, [], out);
  const result = oracle.read(buffer) as TypedArray;
  for (const b of [buffer, ...views.map((v) => v.buffer)]) oracle.free(b);
  return result;
}

const ULP = 2 ** -23;

/** Runs `op` with and without fused multiply-add and compares: `ulps` in units of 2^-23 times what the terms add up to at most. */
export function check(
  op: OpName,
  lower: Lower,
  specs: readonly Spec[],
  inputs: readonly TypedArray[],
  attrs: object,
  out: Spec,
  { ulps, scale = 1 }: { ulps: number; scale?: number },
): void {
  // beyond float32's range the right result is an infinity
  const exact = expected(op, specs, inputs, attrs, out);
  const right = exact.map((v) => (Number.isFinite(Math.fround(v)) ? v : Math.fround(v)));
  for (const relaxed of [true, false]) {
    const got = execute(lower(specs, attrs, out), specs, inputs, out, relaxed);
    const bound = (value: number) => (Number.isFinite(value) ? ulps * ULP * Math.max(Math.abs(value), scale) : 0);
    const wrong = got.findIndex(
      (value, i) =>
        !(Object.is(value, right[i]) || value === right[i] || Math.abs(value - right[i]) <= bound(right[i])),
    );
    if (wrong >= 0)
      throw new Error(
        `${op} ${specs.map((s) => `[${s.shape}]`).join(" ")} ${JSON.stringify(attrs)}: element ${wrong} of [${out.shape}] is ${got[wrong]}, not ${right[wrong]} (relaxed: ${relaxed})`,
      );
  }
}
export const float = (...shape: number[]): Spec => ({ shape, dtype: "float32" });

/** [n,c,h,w] to [n,h,w,c] or back; `shape` is the former. */
export function turned(x: TypedArray, [n, c, h, w]: readonly number[], back = false): TypedArray {
  const y = x.slice();
  for (let i = 0; i < n; i++)
    for (let k = 0; k < c; k++)
      for (let p = 0; p < h * w; p++) {
        const [first, last] = [(i * c + k) * h * w + p, (i * h * w + p) * c + k];
        if (back) y[first] = x[last];
        else y[last] = x[first];
      }
  return y;
}
export const channelsLast = ({ shape: [n, c, h, w], dtype }: Spec): Spec => ({ shape: [n, h, w, c], dtype });
