// A program becomes a list of kernels and where their operands lie; a run calls them in order. A call from JavaScript
// costs some tens of nanoseconds, and kernels of their own can be shared between programs.
import { bytesOf, type Executable, type Program, type Spec, sizeOf } from "@lamina/core";
import { fuse, type Node, nodesOf, withoutCommon, withoutDead } from "@lamina/core/passes";
import type { Relaxed } from "./assembler.ts";
import type { WasmBuffer } from "./buffer.ts";
import { type Call, callsOf } from "./calls.ts";
import { chained } from "./chains.ts";
import { channelsLast } from "./channelsLast.ts";
import { type Engine, makeEngine, type Run } from "./engine/engine.ts";
import type { Plan } from "./explain.ts";
import { Functions } from "./functions.ts";
import type { Winograd } from "./kernels/winograd.ts";
import { type Layout, layOut } from "./layout.ts";
import type { Heap } from "./memory.ts";
import { hostFunctions } from "./pointwise/host.ts";
import { isPointwise } from "./pointwise/ops.ts";
import type { Profile } from "./profile.ts";

export interface CompileOptions {
  /** Whether the engine has relaxed SIMD, and it may be used; "wide": it also makes 256 bits of it. */
  readonly relaxed: Relaxed;
  /** False runs the program as it is written, each instruction by itself: for comparison. Default true. */
  readonly passes?: boolean;
  /** Which algorithm convolutions may use; default "auto". */
  readonly winograd?: Winograd | undefined;
  /** Plans and takes its room as always, and runs nothing (default false). */
  readonly onPaper?: boolean;
  /** Threads that share a program's work, if the heap is a shared one; default 1. */
  readonly threads?: number;
  /** What runs the kernels; default: one that is alone. */
  readonly engine?: Engine;
  /** Nanoseconds that a call must take for threads to share it. */
  readonly leastWork?: number | undefined;
  /** Called before the first call that threads share is run. */
  readonly onShared?: (() => void) | undefined;
  /** Takes the time of every call. */
  readonly profile?: Profile | undefined;
}

export class Compiler {
  private readonly heap: Heap;
  private readonly options: CompileOptions;
  private readonly engine: Engine;
  private readonly functions: Functions;
  /** What ran last. */
  last: Plan | undefined;
  constructor(heap: Heap, options: CompileOptions) {
    this.heap = heap;
    this.options = options;
    const { threads = 1, engine } = options;
    this.engine = engine ?? makeEngine(heap.memory, hostFunctions, threads, 0, undefined);
    this.functions = new Functions(this.engine, threads);
  }

  compile(program: Program): Executable<WasmBuffer> {
    const plan = this.plan(program);
    const { calls, specs, layout } = plan;
    const outputs = program.outputs.map((slot) => specs.get(slot)!);
    if (this.options.onPaper) return executable(this.heap, undefined, { ...layout, outputs });
    if (calls.some(({ parallel }) => parallel)) this.options.onShared?.();
    const found = this.functions.of(calls);
    const functions = Int32Array.from(calls, ({ parallel }, i) => (parallel ? ~found[i] : found[i]));
    const { profile } = this.options;
    const onCall = profile && ((i: number, milliseconds: number) => profile.add(calls[i], milliseconds));
    const run = executable(this.heap, this.engine, { ...layout, outputs, functions, onCall });
    return (inputs, scalars) => {
      this.last = plan;
      return run(inputs, scalars);
    };
  }
  /** Which kernels run, and where what they work on lies. */
  plan(program: Program): Plan {
    const { relaxed, passes = true, threads = 1, leastWork = LEAST_WORK } = this.options;
    const all = nodesOf(program).filter((node) => sizeOf(node.spec.shape) > 0);
    const nodes = passes ? this.prepared(all, program.outputs) : all;
    const { units, free } = fuse(nodes, program.outputs, { isPointwise, enabled: passes });
    const single = units.flatMap((unit) => callsOf(unit, free, relaxed));
    const merged = passes ? chained(single, new Set(program.outputs), relaxed) : single;
    const specs = specsOf(program, nodes);
    const calls =
      threads > 1 ? merged.map((call) => ({ ...call, parallel: isWorthSharing(call, specs, leastWork) })) : merged;
    return { calls, specs, layout: layOut(program, calls, specs, threads) };
  }
  private prepared(all: readonly Node[], outputs: readonly number[]): Node[] {
    const { winograd = "auto" } = this.options;
    return channelsLast(withoutCommon(withoutDead(all, outputs), outputs), outputs, { isPointwise, winograd });
  }
  clear(): void {
    this.functions.clear();
  }
}

interface Runnable extends Layout {
  readonly outputs: readonly Spec[];
  readonly functions?: Int32Array;
  readonly onCall?: ((call: number, milliseconds: number) => void) | undefined;
}

/** One run: takes fresh outputs and a block for all that is inner, and gives the block back. */
function executable(heap: Heap, engine: Engine | undefined, runnable: Runnable): Executable<WasmBuffer> {
  const { bytes, outputs, onCall } = runnable;
  const runOf = placed(runnable);
  return (inputs, scalars) => {
    for (const x of inputs) heap.check(x);
    const results: WasmBuffer[] = [];
    let block = -1;
    try {
      for (const { shape, dtype } of outputs) results.push(heap.allocate(dtype, sizeOf(shape)));
      block = heap.take(bytes);
      engine?.run(runOf(block, inputs, results, scalars), onCall);
      return results;
    } catch (error) {
      for (const buffer of results) heap.free(buffer);
      throw error;
    } finally {
      if (block >= 0) heap.give(block);
    }
  };
}
/** Puts addresses in the place of offsets and numbers of buffers. */
function placed({ functions = new Int32Array(), addresses, argumentsAt, scalars: which }: Runnable) {
  const starts = new Int32Array(addresses.length);
  for (let i = 1; i < starts.length; i++) starts[i] = starts[i - 1] + 4 * addresses[i - 1].length;
  const flat = addresses.flat();
  return (
    block: number,
    inputs: readonly WasmBuffer[],
    outputs: readonly WasmBuffer[],
    scalars: readonly number[],
  ): Run => {
    const buffers = [...inputs, ...outputs];
    return {
      functions,
      starts,
      at: block + argumentsAt,
      args: Int32Array.from(flat, ({ buffer, offset }) =>
        buffer === undefined ? block + offset : buffers[buffer].pointer,
      ),
      scalarsAt: block,
      scalars: Float64Array.from(which, (i) => scalars[i]),
      inputs: inputs.map(({ pointer }) => pointer),
      outputs: outputs.map(({ pointer }) => pointer),
    };
  };
}

function specsOf(program: Program, nodes: readonly Node[]): Map<number, Spec> {
  const specs = new Map<number, Spec>(program.inputs.map((spec, slot) => [slot, spec]));
  for (const { out, spec } of [...program.instructions, ...nodes]) specs.set(out, spec);
  return specs;
}

/** Nanoseconds that a call must take for threads to share it: coming together takes less than one, waking somebody up 50,000. */
const LEAST_WORK = 15_000;
/** Of one thread, roughly: multiplications with additions, and bytes, in a nanosecond. */
const FLOPS = 50;
const BYTES = 10;
/** It depends on nothing but what the call's key says. */
function isWorthSharing(
  { slices = 1, work = 0, args }: Call,
  specs: ReadonlyMap<number, Spec>,
  least: number,
): boolean {
  if (slices < 2) return false;
  const bytes = args.reduce((sum, arg) => sum + ("slot" in arg ? bytesOf(specs.get(arg.slot)!) : 0), 0);
  return work / FLOPS + bytes / BYTES >= least;
}
