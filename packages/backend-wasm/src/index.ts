// The default device: WebAssembly SIMD kernels written at run time, for Node and browsers. Nothing is fetched, and
// nothing happens on import.
import { allocate, type Backend, type Kernel, type Kernels, type Spec } from "@lamina/core";
import { Lru, movements } from "@lamina/core/passes";
import type { WasmBuffer } from "./buffer.ts";
import { type CompileOptions, Compiler } from "./compile.ts";
import { makeEngine } from "./engine/engine.ts";
import { countOf, type Helpers, notice, obstacle, startHelpers } from "./engine/helpers.ts";
import { lowerings } from "./kernels/index.ts";
import { Heap } from "./memory.ts";
import { hostFunctions } from "./pointwise/host.ts";
import { pointwise } from "./pointwise/ops.ts";
import { Profile, type ProfileRow } from "./profile.ts";
import { hasRelaxedSimd, requireSimd } from "./support.ts";

export type { WasmBuffer } from "./buffer.ts";
export type { ProfileRow } from "./profile.ts";

export interface WasmOptions {
  /** Multiply and add in one step where the engine can ("auto", the default), or never (false): slower, the same on every machine. */
  relaxedSimd?: "auto" | false;
  /**
   * Winograd's algorithm for 3x3 and 5x5 convolutions without strides: F(4x4,3x3) and F(2x2,5x5) ("auto", the default: fast, and a
   * decimal digit less exact), only F(2x2,3x3) ("f2": nearly as exact as the definition), or none ("off").
   */
  winograd?: "auto" | "f2" | "off";
  /**
   * How many threads work: a number up to 16, or "auto" for as many as there are cores, up to 8. Results are the same, bit for
   * bit, for any number. Pages have threads if they are cross-origin isolated; elsewhere it is one, and a line on the console
   * says why (default 1).
   */
  threads?: "auto" | number;
  /** The most memory it may take (default 4 GiB, which is all that 32-bit addresses reach). */
  maxBytes?: number;
  /** Take the time of every kernel, for {@link WasmBackend.profile} (default false). */
  profile?: boolean;
}
export interface WasmBackend extends Backend<WasmBuffer> {
  /** What the kernels took since it was last asked, the longest first; empty without the option `profile`. */
  profile(): ProfileRow[];
}

/** Single ops compiled, kept for when they come again. */
const MOST_SINGLES = 1024;

/** Every op by itself, through the same compiler as whole programs. */
function kernelsOf(compiler: Compiler): {
  kernels: Kernels<WasmBuffer>;
  singles: Lru<ReturnType<Compiler["compile"]>>;
} {
  const singles = new Lru<ReturnType<Compiler["compile"]>>(MOST_SINGLES);
  const kernel =
    (name: string): Kernel<WasmBuffer> =>
    (inputs, attrs, scalars, out) => {
      const specs = inputs.map(({ shape, dtype }): Spec => ({ shape, dtype }));
      const key = JSON.stringify([name, attrs, specs, out]);
      const run =
        singles.get(key) ?? singles.set(key, compiler.compile(single(name, attrs, scalars.length, specs, out)));
      return run(
        inputs.map((x) => x.buffer),
        scalars,
      )[0];
    };
  const names = [
    "full",
    "expand",
    "arange",
    "random",
    ...movements,
    ...Object.keys(pointwise),
    ...Object.keys(lowerings),
  ];
  return { kernels: Object.fromEntries(names.map((name) => [name, kernel(name)])), singles };
}

/** The program of one op. */
function single(
  name: string,
  attrs: object,
  scalars: number,
  specs: readonly Spec[],
  spec: Spec,
): Parameters<Compiler["compile"]>[0] {
  const op = { name, infer: () => spec, grad: "none" as const };
  const inputs = specs.map((_, i) => i);
  const instruction = { op, attrs, scalars, inputs, out: specs.length, spec, inputSpecs: specs, frees: [] };
  return { inputs: specs, instructions: [instruction], outputs: [specs.length] };
}

const dtypes = ["float32", "int32", "uint8", "bool"] as const;

/** The device with the same plans and the same heap, but no memory and no kernels. */
function onPaper(maxBytes: number, options: CompileOptions): Backend<WasmBuffer> {
  const heap = new Heap(maxBytes, "on paper");
  const compiler = new Compiler(heap, { ...options, onPaper: true });
  return {
    name: "wasm",
    dtypes,
    kernels: kernelsOf(compiler).kernels,
    upload: ({ length }, dtype) => heap.allocate(dtype, length),
    read: ({ dtype, length }) => allocate(dtype, length),
    free: (buffer) => heap.free(buffer),
    compile: (program) => compiler.compile(program),
    memory: () => heap.info(),
    close: async () => heap.close(),
  };
}

/**
 * Opens the device: `setBackend(await wasm())`.
 * @throws if the engine has no WebAssembly SIMD, or the page's Content-Security-Policy forbids WebAssembly.
 */
export async function wasm({
  relaxedSimd = "auto",
  winograd = "auto",
  threads: wanted = 1,
  maxBytes,
  profile,
}: WasmOptions = {}): Promise<WasmBackend> {
  requireSimd();
  const times = profile ? new Profile() : undefined;
  const relaxed = relaxedSimd === "auto" && hasRelaxedSimd();
  const threads = possible(countOf(wanted));
  const heap = new Heap(maxBytes, threads > 1 ? "shared" : "alone");
  const engine = makeEngine(heap.memory, hostFunctions, threads, 0);
  let helpers: Helpers | undefined;
  const options: CompileOptions = {
    relaxed,
    winograd,
    profile: times,
    threads,
    engine,
    onShared: () => void (helpers ??= startHelpers(heap.memory, threads, notice)),
  };
  const compiler = new Compiler(heap, options);
  const { kernels, singles } = kernelsOf(compiler);
  return {
    name: "wasm",
    dtypes,
    kernels,
    upload: (data, dtype) => heap.upload(data, dtype),
    read: (buffer) => heap.read(buffer),
    free: (buffer) => heap.free(buffer),
    compile: (program) => compiler.compile(program),
    memory: () => heap.info(),
    onPaper: (most) => onPaper(most, options),
    details: { threads },
    profile: () => times?.take() ?? [],
    close: async () => {
      if (helpers) engine.end();
      helpers?.stop();
      heap.close();
      singles.clear();
      compiler.clear();
    },
  };
}

/** As many threads as are wanted, or one, with a notice. */
function possible(wanted: number): number {
  const reason = wanted > 1 ? obstacle() : undefined;
  if (reason) notice(reason);
  return reason ? 1 : wanted;
}
