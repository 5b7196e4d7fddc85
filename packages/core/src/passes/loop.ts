// From a unit of pointwise nodes to a loop as data: what is loaded and how, what is computed in which order, what is
// stored. Slots and scalars are numbered anew, so that equal loops have equal plans and share their code.
import { type DType, sizeOf } from "../dtype.ts";
import { type Access, commonSizes, contiguous, stridesIn } from "./access.ts";
import type { Free, Unit } from "./fuse.ts";
import type { Node } from "./node.ts";

/** A value of the loop. `args` are indices into the plan's values, all smaller than its own. */
export type Value =
  | { readonly kind: "load"; readonly dtype: DType; readonly load: number }
  /** One of the step's scalars, as a number of its dtype in every lane. */
  | { readonly kind: "scalar"; readonly dtype: DType; readonly scalar: number }
  | { readonly kind: "op"; readonly dtype: DType; readonly op: string; readonly args: readonly number[] };

export interface LoopPlan {
  /** Axes of the loop, the last one innermost. */
  readonly sizes: readonly number[];
  readonly loads: readonly { readonly dtype: DType; readonly strides: readonly number[] }[];
  readonly values: readonly Value[];
  /** Indices of values, one for each array that is written. */
  readonly stores: readonly number[];
}

export interface PlannedLoop {
  readonly plan: LoopPlan;
  /** The slot of each load, of each store, and the program's scalar for each of the plan's. */
  readonly reads: readonly number[];
  readonly writes: readonly number[];
  readonly scalars: readonly number[];
}

interface Read {
  readonly slot: number;
  readonly dtype: DType;
  readonly access: Access;
}

class Planner {
  readonly values: Value[] = [];
  readonly reads: Read[] = [];
  readonly scalars: number[] = [];
  private readonly bySlot = new Map<number, number>();
  private readonly byRead = new Map<string, number>();
  private readonly free: Free;
  constructor(free: Free) {
    this.free = free;
  }
  private push(value: Value): number {
    this.values.push(value);
    return this.values.length - 1;
  }
  private load(slot: number, dtype: DType, access: Access): number {
    const inLoop = this.bySlot.get(slot);
    if (inLoop !== undefined) return inLoop;
    const key = `${slot}:${access.sizes}:${access.strides}`;
    let index = this.byRead.get(key);
    if (index === undefined) {
      index = this.push({ kind: "load", dtype, load: this.reads.length });
      this.reads.push({ slot, dtype, access });
      this.byRead.set(key, index);
    }
    return index;
  }
  /** A value that depends on scalars only is computed again wherever it is wanted. */
  private uniform(slot: number): number {
    const known = this.bySlot.get(slot);
    if (known !== undefined) return known;
    const index = this.compute(this.free.nodeOf(slot)!);
    this.bySlot.set(slot, index);
    return index;
  }
  private compute(node: Node): number {
    if (node.op === "full")
      return this.push({ kind: "scalar", dtype: node.spec.dtype, scalar: this.scalars.push(node.scalars[0]) - 1 });
    if (node.op === "expand") {
      if (this.free.isUniform(node.inputs[0])) return this.uniform(node.inputs[0]);
      const [{ slot, access }] = this.free.operands(node);
      return this.load(slot, node.spec.dtype, access);
    }
    const args = node.inputs.map((slot, i) => {
      if (this.free.isUniform(slot)) return this.uniform(slot);
      const view = this.free.view(slot, node.inputSpecs[i].shape);
      return this.load(view.slot, node.inputSpecs[i].dtype, view.access);
    });
    return this.push({ kind: "op", dtype: node.spec.dtype, op: node.op, args });
  }
  add(node: Node): number {
    const index = this.bySlot.get(node.out) ?? this.compute(node);
    this.bySlot.set(node.out, index);
    return index;
  }
}

export function planLoop(unit: Unit, free: Free): PlannedLoop {
  const planner = new Planner(free);
  const at = new Map(unit.nodes.map((node) => [node.out, planner.add(node)]));
  const { values, reads, scalars } = planner;
  const sizes = commonSizes([contiguous(unit.nodes[0].spec.shape), ...reads.map((r) => r.access)])!;
  const loads = reads.map(({ dtype, access }) => ({ dtype, strides: stridesIn(access, sizes) }));
  return {
    plan: { sizes, loads, values, stores: unit.writes.map((slot) => at.get(slot)!) },
    reads: reads.map((r) => r.slot),
    writes: unit.writes,
    scalars,
  };
}

/** How many elements the loop runs over. */
export const elementsOf = ({ sizes }: LoopPlan): number => sizeOf(sizes);
