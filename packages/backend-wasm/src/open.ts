// Puts the device together: a heap, an engine that is here or in a worker, helpers, and the compiler that feeds them.
import { allocate, type Backend } from "@lamina/core";
import { singles } from "@lamina/core/passes";
import type { WasmBuffer } from "./buffer.ts";
import { type CompileOptions, Compiler } from "./compile.ts";
import { countOf, type Helpers, startHelpers } from "./engine/threads.ts";
import { explain } from "./explain.ts";
import type { WasmBackend, WasmOptions } from "./index.ts";
import { lowerings } from "./kernels/index.ts";
import { Heap } from "./memory.ts";
import { type Place, placeFor } from "./place.ts";
import { pointwise } from "./pointwise/ops.ts";
import { Profile } from "./profile.ts";
import { hasRelaxedSimd, requireSimd } from "./support.ts";
import { widen } from "./wide.ts";

const dtypes = ["float32", "int32", "uint8", "bool"] as const;
/** LeNet's first step takes 115 ms so, kernel by kernel 150, and the second 22 instead of 38. */
const compilesFirst = true;

/** Every op by itself, through the same compiler as whole programs. */
const singlesOf = (compiler: Compiler) =>
  singles([...Object.keys(pointwise), ...Object.keys(lowerings)], (program) => compiler.compile(program));

/** The device with the same plans and the same heap, but no memory and no kernels. */
function onPaper(maxBytes: number, options: CompileOptions): Backend<WasmBuffer> {
  const heap = new Heap(maxBytes, "on paper");
  const compiler = new Compiler(heap, { ...options, orders: undefined, onPaper: true });
  return {
    name: "wasm",
    dtypes,
    kernels: singlesOf(compiler).kernels,
    upload: ({ length }, dtype) => heap.allocate(dtype, length),
    read: ({ dtype, length }) => allocate(dtype, length),
    free: (buffer) => heap.free(buffer),
    compile: (program) => compiler.compile(program),
    compilesFirst,
    memory: () => heap.info(),
    close: async () => heap.close(),
  };
}

/** For tests. */
interface Internals {
  /** From how much work on threads share a call. */
  readonly leastWork?: number;
  /** Its flag is set, and whether it is faster here does not matter. */
  readonly wide?: boolean;
  /** Called with the heap before anything is on it. */
  readonly onHeap?: (heap: Heap) => void;
}

const mixedTerms = ["conv2d", "conv2dGradInput", "conv2dGradWeight"] as const;

export async function open(
  {
    relaxedSimd = "auto",
    winograd = "auto",
    threads: wanted = "auto",
    wide: isWideWanted = "auto",
    worker = "auto",
    maxBytes,
    profile,
  }: WasmOptions,
  { leastWork, wide: isWide, onHeap }: Internals = {},
): Promise<WasmBackend> {
  requireSimd();
  const times = profile ? new Profile() : undefined;
  const relaxed = relaxedSimd === "auto" && hasRelaxedSimd();
  const threads = countOf(wanted);
  const wide = isWide ?? widen(isWideWanted, relaxed);
  let helpers: Helpers | undefined;
  const place: Place = await placeFor(worker, maxBytes, threads, () => helpers?.look());
  const { heap, engine, area, orders, onFailure } = place;
  onHeap?.(heap);
  const onShared = () => {
    if (area) helpers ??= startHelpers(heap.memory, area, threads);
  };
  const options: CompileOptions = {
    relaxed: relaxed && wide ? "wide" : relaxed,
    winograd,
    profile: times,
    threads,
    engine,
    orders,
    onFailure,
    onShared,
    leastWork,
  };
  const compiler = new Compiler(heap, options);
  const { kernels, clear } = singlesOf(compiler);
  return {
    name: "wasm",
    dtypes,
    kernels,
    ...(winograd !== "off" && { mixedTerms }),
    upload: (data, dtype) => place.upload(data, dtype),
    ...(place.draw && { draw: place.draw }),
    read: (buffer) => place.read(buffer),
    free: (buffer) => place.free(buffer),
    compile: (program) => compiler.compile(program),
    compilesFirst,
    memory: () => heap.info(),
    onPaper: (most) => onPaper(most, options),
    details: { threads, wide, worker: place.worker },
    profile: () => times?.take() ?? [],
    explain: () => (compiler.last ? explain(compiler.last) : ""),
    close: async () => {
      const ended = [helpers?.stop(), place.close()];
      heap.close();
      clear();
      compiler.clear();
      await Promise.all(ended);
    },
  };
}
