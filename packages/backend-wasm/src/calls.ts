// What each unit of a program comes down to: calls of functions with addresses. Which op is emitted by what is decided here.
import { type OpName, type Spec, sizeOf } from "@lamina/core";
import { type Free, type LoopPlan, movements, type Node, planLoop, stridesOf, type Unit } from "@lamina/core/passes";
import type { Fn, Relaxed } from "./assembler.ts";
import type { Link } from "./chains.ts";
import { lowerings } from "./kernels/index.ts";
import { stagesOf } from "./kernels/lowered.ts";
import { roundUp } from "./memory.ts";
import { movement } from "./movement/index.ts";
import { emitArange, emitRandom } from "./pointwise/create.ts";
import { emitLoop } from "./pointwise/loop.ts";
import { inSlices } from "./pointwise/slice.ts";
import { type Summed, type Sums, summedOf } from "./sums.ts";

/**
 * An address: of a slot's array, of scalars (the program's numbers of them, laid out one after another), or of scratch: bytes
 * that all calls with the same argument share, or that whoever runs a slice has for himself.
 */
export type Argument =
  | { readonly slot: number }
  | { readonly scalars: readonly number[] }
  | { readonly scratch: number; readonly own?: boolean };

export interface Call {
  /** Calls with equal keys run the same function. */
  readonly key: string;
  /** Where that is written. */
  readonly file: string;
  readonly emit: () => Fn;
  readonly args: readonly Argument[];
  /** How often the function is called, with the number of the call after its addresses. Undefined: once, with addresses only. */
  readonly slices?: number;
  /** Threads share the slices. */
  readonly parallel?: boolean;
  /** [output, input] slots that may lie in the same place. */
  readonly inPlace: readonly (readonly [number, number])[];
  /** What it computes, for profiles. */
  readonly flops?: number | undefined;
  /** The same for the whole of which this is a stage. */
  readonly work?: number | undefined;
  /** Of a stage that goes over weights only: how many. */
  readonly weights?: number | undefined;
  /** Slots that it writes. */
  readonly writes: readonly number[];
  /** Of a loop: what it does, before it is cut into slices. */
  readonly plan?: LoopPlan;
  /** Its slices write rows of the result one after another: how many rows there are, how many a slice writes, and their elements in all. */
  readonly rows?: { readonly count: number; readonly perSlice: number; readonly size: number } | undefined;
  /** A loop that runs after each slice. */
  readonly link?: Link;
  /** Of a sum: how its input lies, if it can be added up where that is made. */
  readonly summed?: Summed | undefined;
  /** Of a loop: what it adds up. */
  readonly sums?: Sums;
  /** What runs next and belongs to it. */
  readonly finish?: Call;
}

/** Bytes from one thread's own memory to the next one's: cache lines apart, with what a kernel may read past the end. */
export const ownBytes = ({ scratch }: { readonly scratch: number }): number => roundUp(scratch + 64, 64);

const slots = (list: readonly number[]): Argument[] => list.map((slot) => ({ slot }));
const specText = ({ dtype, shape }: Spec): string => `${dtype}[${shape}]`;

function loopCall(
  plan: LoopPlan,
  args: readonly Argument[],
  writes: readonly number[],
  relaxed: Relaxed,
  inPlace: Call["inPlace"] = [],
): Call {
  const { plan: cut = plan, slices } = inSlices(plan) ?? {};
  const emit = () => emitLoop(cut, relaxed, slices !== undefined);
  return { key: `loop ${JSON.stringify(cut)}`, file: "pointwise/loop.ts", emit, slices, args, writes, inPlace, plan };
}

function pointwiseCall(unit: Unit, free: Free, relaxed: Relaxed): Call {
  const { plan, reads, writes, scalars } = planLoop(unit, free);
  const args = [...slots(reads), ...slots(writes), { scalars }];
  return loopCall(plan, args, writes, relaxed, inPlacePairs(plan, reads, writes));
}
/** An output may take the place of an input that is read element by element, as wide as it. */
function inPlacePairs(
  { sizes, loads, values, stores }: LoopPlan,
  reads: readonly number[],
  writes: readonly number[],
): [number, number][] {
  const contiguous = stridesOf(sizes);
  const width = (dtype: string) => (dtype === "float32" || dtype === "int32" ? 4 : 1);
  return writes.flatMap((out, i) =>
    reads.flatMap((slot, k): [number, number][] => {
      const walks = loads[k].strides.every((s, axis) => s === contiguous[axis] || sizes[axis] === 1);
      return walks &&
        reads.indexOf(slot) === reads.lastIndexOf(slot) &&
        width(loads[k].dtype) === width(values[stores[i]].dtype)
        ? [[out, slot]]
        : [];
    }),
  );
}

function creationCall({ op, spec, out, scalars }: Node): Call {
  const emit = op === "random" ? () => emitRandom(spec) : () => emitArange(spec);
  return {
    key: `${op} ${specText(spec)}`,
    file: "pointwise/create.ts",
    emit,
    args: [{ slot: out }, { scalars }],
    writes: [out],
    inPlace: [],
  };
}

function movementCalls({ op, inputs, inputSpecs, attrs, spec, out, scalars }: Node, relaxed: Relaxed): Call[] {
  const key = `${op} ${JSON.stringify(attrs)} ${inputSpecs.map(specText)} ${specText(spec)}`;
  const { slices, emit } = movement(op, inputSpecs, attrs, spec);
  const copy: Call = {
    key,
    file: "movement/copy.ts",
    emit,
    slices,
    args: slots([...inputs, out]),
    writes: [out],
    inPlace: [],
  };
  return op === "pad" ? [fillCall(spec, out, scalars, relaxed), copy] : [copy];
}
function fillCall({ shape, dtype }: Spec, out: number, scalars: readonly number[], relaxed: Relaxed): Call {
  const size = shape.reduce((a, b) => a * b, 1);
  const plan: LoopPlan = { sizes: [size], loads: [], values: [{ kind: "scalar", dtype, scalar: 0 }], stores: [0] };
  return loopCall(plan, [{ slot: out }, { scalars }], [out], relaxed);
}

function structuredCalls({ op, inputs, inputSpecs, attrs, spec, out }: Node, relaxed: Relaxed): Call[] {
  const lower = lowerings[op as OpName];
  if (!lower) throw new Error(`${op}: the wasm backend has no kernel for this op`);
  const lowered = lower(inputSpecs, attrs, spec);
  const { scratchBytes, ownBytes, flops, file = op } = lowered;
  const args: Argument[] = slots([...inputs, out]);
  if (scratchBytes) args.push({ scratch: scratchBytes });
  if (ownBytes) args.push({ scratch: ownBytes, own: true });
  const stages = stagesOf(lowered);
  return stages.map(({ key, emit, slices, rows, weights }, i) => ({
    key,
    file: `kernels/${file}.ts`,
    emit: () => emit(relaxed),
    slices,
    args,
    writes: [out],
    inPlace: [],
    rows: rows && i === stages.length - 1 ? { ...rows, size: sizeOf(spec.shape) } : undefined,
    flops: i === 0 ? flops : undefined,
    work: flops,
    weights,
    summed: op === "sum" ? summedOf(inputSpecs[0], attrs) : undefined,
  }));
}

export function callsOf(unit: Unit, free: Free, relaxed: Relaxed): Call[] {
  const [node] = unit.nodes;
  if (unit.pointwise) return [pointwiseCall(unit, free, relaxed)];
  if (node.op === "arange" || node.op === "random") return [creationCall(node)];
  if (movements.includes(node.op)) return movementCalls(node, relaxed);
  return structuredCalls(node, relaxed);
}
