// A program becomes a list of kernels and where their operands lie; a run calls them in order. A call from JavaScript
// costs some tens of nanoseconds, and kernels of their own can be shared between programs.
import { type Executable, type Program, type Spec, sizeOf } from "@lamina/core";
import { fuse, type Node, nodesOf, withoutCommon, withoutDead } from "@lamina/core/passes";
import type { WasmBuffer } from "./buffer.ts";
import { type Call, callsOf } from "./calls.ts";
import { chained } from "./chains.ts";
import { channelsLast } from "./channelsLast.ts";
import { Functions, type Kernel } from "./functions.ts";
import type { Winograd } from "./kernels/winograd.ts";
import { type Layout, layOut } from "./layout.ts";
import type { Heap } from "./memory.ts";
import { isPointwise } from "./pointwise/ops.ts";
import type { Profile } from "./profile.ts";

export interface CompileOptions {
  /** Whether the engine has relaxed SIMD, and it may be used. */
  readonly relaxed: boolean;
  /** False runs the program as it is written, each instruction by itself: for comparison. Default true. */
  readonly passes?: boolean;
  /** Which algorithm convolutions may use; default "auto". */
  readonly winograd?: Winograd | undefined;
  /** Plans and takes its room as always, and runs nothing (default false). */
  readonly onPaper?: boolean;
  /** Takes the time of every call. */
  readonly profile?: Profile | undefined;
}

export class Compiler {
  private readonly heap: Heap;
  private readonly options: CompileOptions;
  private readonly functions = new Functions();
  constructor(heap: Heap, options: CompileOptions) {
    this.heap = heap;
    this.options = options;
  }

  compile(program: Program): Executable<WasmBuffer> {
    const { calls, specs, layout } = this.plan(program);
    const outputs = program.outputs.map((slot) => specs.get(slot)!);
    if (this.options.onPaper) return executable(this.heap, { ...layout, outputs, kernels: [], scalars: [] });
    const kernels = this.functions.of(calls, this.heap.memory);
    const { profile } = this.options;
    return executable(this.heap, { ...layout, outputs, kernels: profile ? timed(kernels, calls, profile) : kernels });
  }
  /** Which kernels run, and where what they work on lies. */
  plan(program: Program): { calls: readonly Call[]; specs: ReadonlyMap<number, Spec>; layout: Layout } {
    const { relaxed, passes = true } = this.options;
    const all = nodesOf(program).filter((node) => sizeOf(node.spec.shape) > 0);
    const nodes = passes ? this.prepared(all, program.outputs) : all;
    const { units, free } = fuse(nodes, program.outputs, { isPointwise, enabled: passes });
    const single = units.flatMap((unit) => callsOf(unit, free, relaxed));
    const calls = passes ? chained(single, new Set(program.outputs), relaxed) : single;
    const specs = specsOf(program, nodes);
    return { calls, specs, layout: layOut(program, calls, specs) };
  }
  private prepared(all: readonly Node[], outputs: readonly number[]): Node[] {
    const { winograd = "auto" } = this.options;
    return channelsLast(withoutCommon(withoutDead(all, outputs), outputs), outputs, { isPointwise, winograd });
  }
  clear(): void {
    this.functions.clear();
  }
}

const timed = (kernels: readonly Kernel[], calls: readonly Call[], profile: Profile): Kernel[] =>
  kernels.map((kernel, i) => (...addresses) => {
    const start = performance.now();
    kernel(...addresses);
    profile.add(calls[i], performance.now() - start);
  });

interface Runnable extends Layout {
  readonly outputs: readonly Spec[];
  readonly kernels: readonly Kernel[];
}

/** One run: takes fresh outputs and a block for all that is inner, and gives the block back. */
function executable(heap: Heap, runnable: Runnable): Executable<WasmBuffer> {
  return (inputs, scalars) => {
    for (const x of inputs) heap.check(x);
    const results: WasmBuffer[] = [];
    let block = -1;
    try {
      for (const { shape, dtype } of runnable.outputs) results.push(heap.allocate(dtype, sizeOf(shape)));
      block = heap.take(runnable.bytes);
      writeScalars(heap, block, runnable.scalars, scalars);
      callAll(runnable, block, [...inputs, ...results]);
      return results;
    } catch (error) {
      for (const buffer of results) heap.free(buffer);
      throw error;
    } finally {
      if (block >= 0) heap.give(block);
    }
  };
}
function writeScalars({ doubles }: Heap, block: number, which: readonly number[], scalars: readonly number[]): void {
  const first = block / 8;
  for (let i = 0; i < which.length; i++) doubles[first + i] = scalars[which[i]];
}
function callAll({ kernels, addresses }: Runnable, block: number, buffers: readonly WasmBuffer[]): void {
  for (let i = 0; i < kernels.length; i++)
    kernels[i](...addresses[i].map((a) => (a.buffer === undefined ? block + a.offset : buffers[a.buffer].pointer)));
}

function specsOf(program: Program, nodes: readonly Node[]): Map<number, Spec> {
  const specs = new Map<number, Spec>(program.inputs.map((spec, slot) => [slot, spec]));
  for (const { out, spec } of [...program.instructions, ...nodes]) specs.set(out, spec);
  return specs;
}
