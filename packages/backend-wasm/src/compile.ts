// A program becomes one wasm module: its kernels, and a `run` that calls them in order. The module never holds an address
// of its own: it is given a block whose head says where inputs and outputs lie.
import { type Executable, type Program, type Spec, sizeOf } from "@lamina/core";
import { assemble, Fn, I32 } from "./assembler.ts";
import { type Call, callsOf } from "./calls.ts";
import { type Address, type Layout, layOut } from "./layout.ts";
import { Lru } from "./lru.ts";
import type { Heap, WasmBuffer } from "./memory.ts";
import { withoutCommon } from "./passes/common.ts";
import { withoutDead } from "./passes/dead.ts";
import { fuse } from "./passes/fuse.ts";
import { nodesOf } from "./passes/node.ts";
import { hostFunctions, hostImports } from "./pointwise/host.ts";
import { isPointwise } from "./pointwise/ops.ts";

export interface CompileOptions {
  /** Whether the engine has relaxed SIMD, and it may be used. */
  readonly relaxed: boolean;
  /** False runs the program as it is written, each instruction by itself: for comparison. Default true. */
  readonly passes?: boolean;
}

/** Functions kept for the next program that needs them. */
const MOST_FUNCTIONS = 1024;

export class Compiler {
  private readonly heap: Heap;
  private readonly options: CompileOptions;
  private readonly functions = new Lru<Fn>(MOST_FUNCTIONS);
  constructor(heap: Heap, options: CompileOptions) {
    this.heap = heap;
    this.options = options;
  }

  compile(program: Program): Executable<WasmBuffer> {
    const { relaxed, passes = true } = this.options;
    const all = nodesOf(program).filter((node) => sizeOf(node.spec.shape) > 0);
    const nodes = passes ? withoutCommon(withoutDead(all, program.outputs), program.outputs) : all;
    const { units, free } = fuse(nodes, program.outputs, isPointwise, passes);
    const calls = units.flatMap((unit) => callsOf(unit, free, relaxed));
    const specs = specsOf(program);
    const layout = layOut(program, calls, specs);
    const outputs = program.outputs.map((slot) => specs.get(slot)!);
    return executable(this.heap, { ...layout, outputs, run: this.instantiate(calls, layout) });
  }
  clear(): void {
    this.functions.clear();
  }
  private instantiate(calls: readonly Call[], layout: Layout): (block: number) => void {
    const functions = new Map<string, Fn>();
    for (const { key, emit } of calls) functions.set(key, this.functions.get(key, emit));
    const index = new Map([...functions.keys()].map((key, i) => [key, hostImports.length + i]));
    const run = emitRun(calls, layout, index);
    const module = new WebAssembly.Module(assemble([...functions.values(), run], hostImports));
    const instance = new WebAssembly.Instance(module, { env: { memory: this.heap.memory, ...hostFunctions } });
    return instance.exports.run as (block: number) => void;
  }
}

function emitRun(calls: readonly Call[], layout: Layout, index: ReadonlyMap<string, number>): Fn {
  const f = new Fn("run", [I32]);
  const push = (address: Address): void => {
    if ("entry" in address) f.get(0).loadi(4 * address.entry);
    else f.get(0).i32(address.offset).add();
  };
  calls.forEach(({ key }, i) => {
    layout.addresses[i].forEach(push);
    f.call(index.get(key)!);
  });
  return f;
}

interface Runnable extends Layout {
  readonly outputs: readonly Spec[];
  readonly run: (block: number) => void;
}

/** One run: takes fresh outputs and a block for all that is inner, and gives the block back. */
function executable(heap: Heap, { bytes, scalarsAt, scalars, outputs, run }: Runnable): Executable<WasmBuffer> {
  return (inputs, values) => {
    for (const x of inputs) heap.check(x);
    const results: WasmBuffer[] = [];
    let block = -1;
    try {
      for (const { shape, dtype } of outputs) results.push(heap.allocate(dtype, sizeOf(shape)));
      block = heap.take(bytes);
      const { words, doubles } = heap;
      let entry = block / 4;
      for (const { pointer } of inputs) words[entry++] = pointer;
      for (const { pointer } of results) words[entry++] = pointer;
      const first = (block + scalarsAt) / 8;
      for (let i = 0; i < scalars.length; i++) doubles[first + i] = values[scalars[i]];
      run(block);
      return results;
    } catch (error) {
      for (const buffer of results) heap.free(buffer);
      throw error;
    } finally {
      if (block >= 0) heap.give(block);
    }
  };
}

function specsOf(program: Program): Map<number, Spec> {
  const specs = new Map<number, Spec>(program.inputs.map((spec, slot) => [slot, spec]));
  for (const { out, spec } of program.instructions) specs.set(out, spec);
  return specs;
}
