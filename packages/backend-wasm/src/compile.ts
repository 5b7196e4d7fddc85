// A program becomes a list of kernels and where their operands lie; a run calls them in order. A call from JavaScript
// costs some tens of nanoseconds, and kernels of their own can be shared between programs.
import { bytesOf, type Executable, OutOfMemoryError, type Program, type Spec, sizeOf } from "@lamina/core";
import { fuse, type Node, nodesOf, withoutCommon, withoutDead } from "@lamina/core/passes";
import type { Relaxed } from "./assembler.ts";
import type { WasmBuffer } from "./buffer.ts";
import { type Call, callsOf } from "./calls.ts";
import { chained } from "./chains.ts";
import { channelsLast } from "./channelsLast.ts";
import { type Engine, makeEngine, type Run } from "./engine/engine.ts";
import { type Orders, wholly } from "./engine/orders.ts";
import type { Plan } from "./explain.ts";
import { Functions } from "./functions.ts";
import type { Winograd } from "./kernels/winograd.ts";
import { type Layout, layOut } from "./layout.ts";
import { linearSums } from "./linear.ts";
import type { Heap } from "./memory.ts";
import { hostFunctions } from "./pointwise/host.ts";
import { isPointwise } from "./pointwise/ops.ts";
import type { Profile } from "./profile.ts";
import { recomputed } from "./recompute.ts";
import { withSums } from "./sums.ts";

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
  /** Where the thread must not be held: programs are prepared and run as orders. */
  readonly orders?: Orders | undefined;
  /** Is told why results of an order were not computed. */
  readonly onFailure?: ((results: readonly WasmBuffer[], error: Error) => void) | undefined;
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
    const { heap } = this;
    const { orders } = this.options;
    const outputs = outputsOf(program);
    const start = orders ? this.inBackground(program, orders) : this.atOnce(program);
    const run: Executable<WasmBuffer> = (inputs, scalars) => {
      for (const x of inputs) heap.check(x);
      const results = allocateAll(heap, outputs);
      try {
        start(inputs, results, scalars);
        return results;
      } catch (error) {
        for (const buffer of results) heap.free(buffer);
        if (error instanceof OutOfMemoryError) startStackAt(run, error);
        throw error;
      }
    };
    return run;
  }
  private atOnce(program: Program): Start {
    const ready = wholly(this.prepare(program));
    return (inputs, results, scalars) => this.run(ready, inputs, results, scalars);
  }
  private inBackground(program: Program, orders: Orders): Start {
    const known: Known = {};
    return (inputs, results, scalars) => {
      const order = this.order(program, known, inputs, results, scalars);
      const onFailure = (error: Error) => this.options.onFailure?.(results, error);
      if (known.ready) give(orders, order, onFailure);
      else orders.giveLong(order, onFailure);
    };
  }
  private *order(
    program: Program,
    known: Known,
    inputs: readonly WasmBuffer[],
    results: readonly WasmBuffer[],
    scalars: readonly number[],
  ): Generator<void, void> {
    known.ready ??= yield* this.prepare(program);
    this.run(known.ready, inputs, results, scalars);
  }
  /** All that is done once for a program. */
  private *prepare(program: Program): Generator<void, Ready> {
    const plan = yield* this.planned(program);
    const { calls, layout } = plan;
    const { onPaper, onShared, profile } = this.options;
    if (onPaper) return { plan, runOf: placed({ ...layout, scalars: [] }) };
    if (calls.some(({ parallel }) => parallel)) onShared?.();
    const found = yield* this.functions.of(calls);
    const functions = Int32Array.from(calls, ({ parallel }, i) => (parallel ? ~found[i] : found[i]));
    const onCall = profile && ((i: number, milliseconds: number) => profile.add(calls[i], milliseconds));
    return { plan, runOf: placed({ ...layout, functions }), onCall };
  }
  /** Takes a block for all that is inner, and gives it back. */
  private run(
    { plan, runOf, onCall }: Ready,
    inputs: readonly WasmBuffer[],
    results: readonly WasmBuffer[],
    scalars: readonly number[],
  ): void {
    const { heap, engine } = this;
    const block = heap.take(plan.layout.bytes);
    this.last = plan;
    try {
      if (!this.options.onPaper) engine.run(runOf(block, inputs, results, scalars), onCall);
    } finally {
      heap.give(block);
    }
  }
  /** Which kernels run, and where what they work on lies. */
  plan(program: Program): Plan {
    return wholly(this.planned(program));
  }
  private *planned(program: Program): Generator<void, Plan> {
    const { relaxed, passes = true, threads = 1, leastWork = LEAST_WORK } = this.options;
    const all = nodesOf(program).filter((node) => sizeOf(node.spec.shape) > 0);
    const nodes = passes ? this.prepared(all, program.outputs) : all;
    yield;
    const { units, free } = fuse(nodes, program.outputs, { isPointwise, enabled: passes });
    yield;
    const single: Call[] = [];
    for (const unit of units) {
      single.push(...callsOf(unit, free, relaxed));
      yield;
    }
    const merged = passes ? this.merged(single, new Set(program.outputs)) : single;
    const specs = specsOf(program, nodes);
    const calls = threads > 1 ? shared(merged, specs, leastWork) : merged;
    yield;
    const layout = layOut(program, calls, specs, threads);
    yield;
    return { calls, specs, layout };
  }
  private merged(single: readonly Call[], wanted: ReadonlySet<number>): Call[] {
    const { relaxed } = this.options;
    const calls = chained(withSums(single, wanted, relaxed), wanted, relaxed);
    return calls.flatMap((call) => (call.finish ? [call, call.finish] : [call]));
  }
  private prepared(all: readonly Node[], outputs: readonly number[]): Node[] {
    const { winograd = "auto" } = this.options;
    const needed = withoutDead(linearSums(withoutCommon(withoutDead(all, outputs), outputs)), outputs);
    const laidOut = channelsLast(needed, outputs, { isPointwise, winograd });
    return recomputed(laidOut, outputs, isPointwise);
  }
  clear(): void {
    this.functions.clear();
  }
}

/** Leaves our own lines out, since V8 writes ten, and the user's comes later. */
function startStackAt(caller: object, error: Error): void {
  const { captureStackTrace } = Error as { captureStackTrace?: (error: Error, caller: object) => void };
  captureStackTrace?.(error, caller);
}

/** @throws what goes wrong at once, so that the run has not happened; only of what goes wrong later `onFailure` is told. */
function give(orders: Orders, order: Generator<void, void>, onFailure: (error: Error) => void): void {
  let failure: Error | undefined;
  let isLater = false;
  orders.give(order, (error) => {
    if (isLater) onFailure(error);
    else failure = error;
  });
  isLater = true;
  if (failure) throw failure;
}

/** A program that can be run. */
interface Ready {
  readonly plan: Plan;
  readonly runOf: ReturnType<typeof placed>;
  readonly onCall?: ((call: number, milliseconds: number) => void) | undefined;
}
type Start = (inputs: readonly WasmBuffer[], results: readonly WasmBuffer[], scalars: readonly number[]) => void;
interface Known {
  ready?: Ready;
}
interface Runnable extends Layout {
  readonly functions?: Int32Array;
}
function outputsOf(program: Program): Spec[] {
  const specs = specsOf(program, []);
  return program.outputs.map((slot) => specs.get(slot)!);
}
/** All or none. */
function allocateAll(heap: Heap, specs: readonly Spec[]): WasmBuffer[] {
  const results: WasmBuffer[] = [];
  try {
    for (const { shape, dtype } of specs) results.push(heap.allocate(dtype, sizeOf(shape)));
    return results;
  } catch (error) {
    for (const buffer of results) heap.free(buffer);
    throw error;
  }
}

/** Puts addresses in the place of offsets and numbers of buffers. */
function placed({ functions = new Int32Array(), addresses, argumentsAt, scalars: which }: Runnable) {
  const starts = new Int32Array(addresses.length);
  for (let i = 1; i < starts.length; i++) starts[i] = starts[i - 1] + 4 * addresses[i - 1].length;
  const flat = addresses.flat();
  const buffers = Int32Array.from(flat, ({ buffer = -1 }) => buffer);
  const offsets = Float64Array.from(flat, ({ offset = 0 }) => offset);
  // the same arrays for every run: an engine takes at once what is in them
  const args = new Int32Array(flat.length);
  const numbers = new Float64Array(which.length);
  return (
    block: number,
    inputs: readonly WasmBuffer[],
    outputs: readonly WasmBuffer[],
    scalars: readonly number[],
  ): Run => {
    const given = inputs.length;
    for (let i = 0; i < args.length; i++) {
      const at = buffers[i];
      args[i] = at < 0 ? block + offsets[i] : (at < given ? inputs[at] : outputs[at - given]).pointer;
    }
    for (let i = 0; i < numbers.length; i++) numbers[i] = scalars[which[i]];
    return {
      functions,
      starts,
      at: block + argumentsAt,
      args,
      scalarsAt: block,
      scalars: numbers,
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

/** Nanoseconds that a call must take for threads to share it: coming together takes less than one thousand. */
const LEAST_WORK = 15_000;
/** As many such calls, or as much work, must be in a program: who sleeps comes after 50,000, and waking him holds the one that does. */
const LEAST_CALLS = 10;
/** Of one thread, roughly: multiplications with additions, and bytes, in a nanosecond. */
const FLOPS = 50;
const BYTES = 10;
/** To transform it, or to move it where products want it. */
const NS_A_WEIGHT = 4;

/** The calls, of which those that are worth it are for all threads. */
function shared(calls: readonly Call[], specs: ReadonlyMap<number, Spec>, least: number): readonly Call[] {
  const work = calls.map((call) => workOf(call, specs));
  const all = work.reduce((sum, ns) => (ns >= least ? sum + ns : sum), 0);
  if (all < LEAST_CALLS * least) return calls;
  return calls.map((call, i) => (work[i] >= least ? { ...call, parallel: (call.slices ?? 1) > 1 } : call));
}
/** Nanoseconds for what comes in slices, roughly. */
function workOf({ slices = 1, work = 0, weights, args }: Call, specs: ReadonlyMap<number, Spec>): number {
  if (slices < 2) return 0;
  if (weights !== undefined) return NS_A_WEIGHT * weights;
  const bytes = args.reduce((sum, arg) => sum + ("slot" in arg ? bytesOf(specs.get(arg.slot)!) : 0), 0);
  return work / FLOPS + bytes / BYTES;
}
