// What each unit of a program comes down to: dispatches whose arrays are slots, or scratch. Which op is lowered by what is
// decided here.
import { type DType, type Spec, sizeOf, type TypedArray } from "@lamina/core";
import type { Free, Node, Unit } from "@lamina/core/passes";
import { arangeValues, randomCall } from "./create.ts";
import { checkIndices } from "./indices.ts";
import { lowerings } from "./kernels/index.ts";
import type { ArrayUse, Dispatch, Lowered, Target, Uniform, Wgsl } from "./kernels/lowered.ts";
import { movementCalls, movements } from "./movement.ts";
import { loopCalls } from "./pointwise/loop.ts";

/** Memory of one call, or of one instruction's calls, while they run. */
export interface Scratch {
  readonly scratch: true;
  readonly dtype: DType;
  readonly length: number;
}
/** Where a check says what it found; its own piece of memory at each run. */
export interface Report {
  readonly report: true;
}
export interface Slot {
  readonly slot: number;
}
export type Place = Slot | Scratch | Report;

export interface Argument {
  readonly name: string;
  readonly width: 1 | 2 | 4;
  readonly at: Place;
  /** Only this part of the array; else all of them. */
  readonly part?: number;
}
/** A number of a dispatch: fixed, or made at each run from one of the program's scalars. */
export type Quantity = { readonly name: string; readonly type: Uniform["type"] } & (
  | { readonly value: number }
  | { readonly scalar: number; readonly dtype?: DType }
);

/** One dispatch. */
export interface Call {
  /** The op, or ops, that it computes: for people. */
  readonly ops: string;
  readonly key: string;
  readonly wgsl: () => Wgsl;
  readonly args: readonly Argument[];
  readonly numbers: readonly Quantity[];
  readonly workgroupSize: number;
  readonly workgroups: number;
  /** The lines use the extension `subgroups`. Default false. */
  readonly subgroups?: boolean | undefined;
  readonly work: number;
  /** Left out where the host has already seen that these indices are good. */
  readonly check?: IndexCheck;
}
export interface IndexCheck {
  readonly op: string;
  readonly slot: number;
  readonly size: number;
  readonly axis: number;
}
/** A value that the host works out and writes before a run. */
export interface HostValue {
  readonly slot: number;
  readonly values: (scalars: readonly number[]) => TypedArray;
}

export interface Calls {
  readonly calls: readonly Call[];
  readonly hostValues: readonly HostValue[];
}

const placeOf = (use: ArrayUse, { inputs, out }: Node, scratch: readonly Scratch[]): Place => {
  if ("input" in use) return { slot: inputs[use.input] };
  return "scratch" in use ? scratch[use.scratch] : { slot: out };
};

/** The calls of dispatches that were made for one instruction. */
function callsOfLowered({ dispatches, scratch = [], indices }: Lowered, node: Node): Call[] {
  const own = scratch.map(({ dtype, length }): Scratch => ({ scratch: true, dtype, length }));
  const calls = dispatches.map((dispatch) => callOf(dispatch, node, own));
  if (!indices) return calls;
  const { input, size, axis } = indices;
  const check: IndexCheck = { op: node.op, slot: node.inputs[input], size, axis };
  return [checkIndices(check, sizeOf(node.inputSpecs[input].shape)), ...calls];
}
function callOf(dispatch: Dispatch, node: Node, scratch: readonly Scratch[]): Call {
  const { key, arrays, uniforms = [], wgsl, workgroupSize = 64, workgroups, subgroups, work } = dispatch;
  const numbers = uniforms.map(
    (u): Quantity => ("value" in u ? u : { name: u.name, type: u.type, scalar: node.scalars[u.scalar] }),
  );
  const args = arrays.map((use) => ({ name: use.name, width: use.width ?? 1, at: placeOf(use, node, scratch) }));
  return { ops: node.op, key, wgsl, args, numbers, workgroupSize, workgroups, subgroups, work };
}

function structuredCalls(node: Node, target: Target): Call[] {
  const lower = lowerings[node.op];
  if (!lower) throw new Error(`${node.op}: the webgpu backend has no kernel for this op`);
  return callsOfLowered(lower(node.inputSpecs, node.attrs, node.spec, target), node);
}

function callsOfUnit(unit: Unit, free: Free, target: Target, partLength: number): Call[] {
  const [node] = unit.nodes;
  if (unit.pointwise) return loopCalls(unit, free, partLength);
  if (node.op === "random") return callsOfLowered(randomCall(node.spec), node);
  if (movements.includes(node.op)) return movementCalls(node, partLength);
  return structuredCalls(node, target);
}

export function callsOf(units: readonly Unit[], free: Free, target: Target, partLength: number): Calls {
  const isHost = (unit: Unit) => unit.nodes[0].op === "arange";
  return {
    calls: units.filter((unit) => !isHost(unit)).flatMap((unit) => callsOfUnit(unit, free, target, partLength)),
    hostValues: units.filter(isHost).map(({ nodes: [{ out, spec, scalars }] }) => ({
      slot: out,
      values: (all) => arangeValues(spec as Spec, all[scalars[0]], all[scalars[1]]),
    })),
  };
}
