// A program becomes a list of dispatches with their pipelines, and where their arrays lie. Equal shaders are shared by all
// programs.
import { type Executable, type Program, type Spec, sizeOf } from "@lamina/core";
import { fuse, type Node, nodesOf, withoutCommon, withoutDead } from "@lamina/core/passes";
import type { GpuArray } from "./array.ts";
import { type Argument, type Call, callsOf, type Place } from "./calls.ts";
import { withHalves } from "./half.ts";
import type { Target } from "./kernels/lowered.ts";
import { layOut } from "./layout.ts";
import { ALIGN, WORD } from "./memory.ts";
import type { Pipelines } from "./pipelines.ts";
import { isPointwise } from "./pointwise/ops.ts";
import { type Bind, type Engine, numbersBytes, type Runnable, run, type Slice, type Step, writeNumber } from "./run.ts";
import type { Bound, Name, Signature } from "./shader.ts";

/** Shaders beyond this get long, and drivers slow. */
const MOST_NODES = 64;

export class Compiler {
  private readonly engine: Engine;
  private readonly pipelines: Pipelines;
  private readonly target: Target;
  /** What ran last. */
  last: Runnable | undefined = undefined;
  constructor(engine: Engine, pipelines: Pipelines) {
    this.engine = engine;
    this.pipelines = pipelines;
    const { limits, features, adapterInfo } = engine.gpu.device;
    const subgroupSize = features.has("subgroups") ? (adapterInfo.subgroupMaxSize ?? 0) : 0;
    this.target = { limits, subgroupSize };
  }

  compile(program: Program): Executable<GpuArray> {
    const runnable = this.runnable(program);
    const variants = new Map<string, Runnable>();
    return (inputs, scalars) => {
      const same = repeated(inputs);
      const key = `${same}`;
      const chosen = same ? (variants.get(key) ?? this.runnable(withSame(program, same))) : runnable;
      if (same) variants.set(key, chosen);
      this.last = chosen;
      return run(this.engine, chosen, inputs, scalars);
    };
  }

  private runnable(program: Program): Runnable {
    const { limits } = this.target;
    const { partLength } = this.engine.heap;
    const all = nodesOf(program).filter((node) => sizeOf(node.spec.shape) > 0);
    const needed = withoutCommon(withoutDead(all, program.outputs), program.outputs);
    const given = program.inputs.length;
    const halved = this.engine.f16 ? withHalves(needed, given, partLength) : undefined;
    const { nodes, slots: halves } = halved ?? { nodes: needed, slots: new Set<number>() };
    const mostArrays = limits.maxStorageBuffersPerShaderStage;
    const { units, free } = fuse(nodes, program.outputs, { isPointwise, mostArrays, mostNodes: MOST_NODES });
    const { calls, hostValues } = callsOf(units, free, this.target, partLength);
    const specs = specsOf(program, nodes);
    const layout = layOut(program, calls, hostValues, specs, halves, partLength, limits.maxBufferSize);
    let numbersAt = 0;
    const steps = calls.map((call): Step => {
      const slices = slicesOf(call, this.engine.workPerSubmission, (bytes) => {
        const at = numbersAt;
        numbersAt += bytes;
        return at;
      });
      return { ...this.bound(call, specs, halves), call, slices, groups: new Map() };
    });
    const outputs = program.outputs.map((slot) => specs.get(slot)!);
    return { program, outputs, steps, hostValues, layout, specs, numbers: fixedNumbers(steps, numbersAt) };
  }
  /** The pipeline of a call, and what it binds: an array that it knows by several names once. */
  private bound(
    call: Call,
    specs: ReadonlyMap<number, Spec>,
    halves: ReadonlySet<number>,
  ): Pick<Step, "pipeline" | "binds"> {
    const { partLength } = this.engine.heap;
    const binds: Bind[] = [];
    const arrays: Bound[] = [];
    const names: Name[] = [];
    const known = new Map<string | object, number>();
    for (const arg of call.args) {
      const key = identity(arg);
      let array = known.get(key);
      if (array === undefined) {
        const { dtype, length } = arraySpec(arg.at, specs);
        const parts = arg.part === undefined ? Math.max(1, Math.ceil(length / partLength)) : 1;
        const half = "slot" in arg.at && halves.has(arg.at.slot);
        array = arrays.push({ dtype, parts, half }) - 1;
        for (let k = 0; k < parts; k++) binds.push({ at: arg.at, part: arg.part ?? k });
        known.set(key, array);
      }
      names.push({ name: arg.name, width: arg.width, array });
    }
    const most = this.target.limits.maxStorageBuffersPerShaderStage;
    if (binds.length > most)
      throw new Error(
        `${call.ops}: the webgpu backend has to bind ${binds.length} buffers at a time, but this device binds ${most}; its arrays are too large, so use a smaller batch`,
      );
    const uniforms = call.numbers.map(({ name, type }) => ({ name, type }));
    const { workgroupSize, subgroups = false } = call;
    const signature: Signature = { names, arrays, partLength, uniforms, workgroupSize, subgroups };
    return { binds, pipeline: this.pipelines.of(call.key, signature, call.wgsl) };
  }
}

/** Which input is the same array as an earlier one; undefined if none is. */
function repeated(inputs: readonly GpuArray[]): number[] | undefined {
  if (new Set(inputs).size === inputs.length) return undefined;
  return inputs.map((x) => inputs.indexOf(x));
}
/** Reads the first of equal inputs wherever another is meant: an array may be bound only once. */
function withSame(program: Program, same: readonly number[]): Program {
  const slot = (s: number) => same[s] ?? s;
  return { ...program, instructions: program.instructions.map((k) => ({ ...k, inputs: k.inputs.map(slot) })) };
}

function specsOf(program: Program, nodes: readonly Node[]): Map<number, Spec> {
  const specs = new Map<number, Spec>(program.inputs.map((spec, slot) => [slot, spec]));
  for (const { out, spec } of program.instructions) specs.set(out, spec);
  for (const { out, spec } of nodes) specs.set(out, spec);
  return specs;
}
function arraySpec(at: Place, specs: ReadonlyMap<number, Spec>): Pick<Bound, "dtype"> & { length: number } {
  if ("report" in at) return { dtype: "uint8", length: 2 };
  if ("scratch" in at) return at;
  const { dtype, shape } = specs.get(at.slot)!;
  return { dtype, length: sizeOf(shape) };
}
const identity = ({ at, part }: Argument): string | object => ("slot" in at ? `${at.slot}/${part}` : at);

/** A call whose work alone is too much for one submission is cut into ranges of workgroups. */
function slicesOf(call: Call, most: number, reserve: (bytes: number) => number): Slice[] {
  const { work, workgroups } = call;
  const count = Math.min(workgroups, Math.max(1, Math.ceil(work / most)));
  const each = Math.ceil(workgroups / count);
  const slices: Slice[] = [];
  for (let from = 0; from < workgroups; from += each)
    slices.push({ from, to: Math.min(workgroups, from + each), numbersAt: reserve(numbersBytes(call)) });
  return slices;
}
function fixedNumbers(steps: readonly Step[], bytes: number): ArrayBuffer {
  const numbers = new ArrayBuffer(Math.max(bytes, ALIGN));
  const view = new DataView(numbers);
  for (const { call, slices } of steps)
    for (const { from, to, numbersAt } of slices) {
      view.setUint32(numbersAt, from, true);
      view.setUint32(numbersAt + WORD, to, true);
      call.numbers.forEach((quantity, i) => {
        if ("value" in quantity) writeNumber(view, numbersAt + WORD * (2 + i), quantity, quantity.value);
      });
    }
  return numbers;
}
