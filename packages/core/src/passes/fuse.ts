// Fusion: connected pointwise nodes over the same number of elements become one loop. `full` and whatever follows from it
// alone is worked out before the loop; `expand` becomes the way a loop reads (access.ts). What is neither stays as it is.
// How a loop is emitted is the device's business.
import { type Shape, sizeOf } from "../dtype.ts";
import { type Access, commonSizes, contiguous, expandStrides, isContiguous, joined, stridesOf } from "./access.ts";
import type { Node } from "./node.ts";

/** Nodes that run as one kernel: one structured node, or pointwise nodes that share a loop. */
export interface Unit {
  readonly nodes: readonly Node[];
  readonly pointwise: boolean;
  /** Slots it reads from memory. */
  readonly reads: readonly number[];
  /** Slots that others, or the caller, want of it. */
  readonly writes: readonly number[];
}

/** What a loop reads for an operand. */
export interface View {
  readonly slot: number;
  readonly access: Access;
}

export interface FuseOptions {
  /** Ops that compute element i of the result from element i of each input, and nothing else. */
  readonly isPointwise: (op: string) => boolean;
  /** How many arrays a loop may read: what a device has registers, or bindings, for. Default 24. */
  readonly mostReads?: number;
  /** How many arrays it may read or write, each counted once: what a device binds at a time. Default: any number. */
  readonly mostArrays?: number;
  /** How many nodes a loop may hold. Default 96. */
  readonly mostNodes?: number;
  /** False leaves each node a unit of its own. Default true. */
  readonly enabled?: boolean;
}

const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((n, i) => n === b[i]);

/** Which nodes need no memory: those that depend on scalars only, and those that only broadcast. */
export class Free {
  private readonly bySlot = new Map<number, Node>();
  private readonly uniform = new Set<number>();
  private readonly strides = new Map<number, { slot: number; strides: readonly number[] }>();
  readonly isPointwise: (op: string) => boolean;

  constructor(nodes: readonly Node[], isPointwise: (op: string) => boolean, enabled = true) {
    this.isPointwise = isPointwise;
    for (const node of nodes) this.bySlot.set(node.out, node);
    if (enabled) for (const node of nodes) this.classify(node);
  }
  private classify(node: Node): void {
    const fromScalars =
      (node.op === "expand" || this.isPointwise(node.op)) && node.inputs.every((slot) => this.uniform.has(slot));
    if (fromScalars) this.uniform.add(node.out);
    else if (node.op === "expand") this.strides.set(node.out, this.viewOfExpand(node));
  }
  /** An expand of an expand reads what the first one reads, unless a reshape came between. */
  private viewOfExpand({ inputs: [slot], inputSpecs: [from], spec }: Node): {
    slot: number;
    strides: readonly number[];
  } {
    const inner = this.strides.get(slot);
    if (inner && sameShape(this.bySlot.get(slot)!.spec.shape, from.shape))
      return { slot: inner.slot, strides: expandStrides(from.shape, spec.shape, inner.strides) };
    return { slot, strides: expandStrides(from.shape, spec.shape, stridesOf(from.shape)) };
  }
  nodeOf(slot: number): Node | undefined {
    return this.bySlot.get(slot);
  }
  isUniform(slot: number): boolean {
    return this.uniform.has(slot);
  }
  isFree(slot: number): boolean {
    return this.uniform.has(slot) || this.strides.has(slot);
  }
  /** Where a loop over `slot`'s elements reads them, and how. */
  view(slot: number, shape: Shape): View {
    const view = this.strides.get(slot);
    if (!view) return { slot, access: contiguous(shape) };
    return { slot: view.slot, access: joined({ sizes: this.bySlot.get(slot)!.spec.shape, strides: view.strides }) };
  }
  /** The operands of a pointwise node that come from memory, or from another node of the loop. */
  operands(node: Node): View[] {
    if (node.op === "expand" && this.strides.has(node.out)) return [this.view(node.out, node.spec.shape)];
    if (node.op === "expand") return [{ slot: node.inputs[0], access: plainExpand(node) }];
    return node.inputs.filter((slot) => !this.isUniform(slot)).map((slot) => this.view(slot, node.spec.shape));
  }
}

const plainExpand = ({ inputSpecs: [from], spec }: Node): Access =>
  joined({ sizes: spec.shape, strides: expandStrides(from.shape, spec.shape) });

/** Groups `nodes` into units, in an order in which they can run. */
export function fuse(
  nodes: readonly Node[],
  outputs: readonly number[],
  { isPointwise, mostReads = 24, mostArrays = Infinity, mostNodes = 96, enabled = true }: FuseOptions,
): { units: Unit[]; free: Free } {
  const free = new Free(nodes, isPointwise, enabled);
  const most = { reads: mostReads, arrays: mostArrays, nodes: mostNodes };
  const grouping = new Grouping(withMemory(nodes, outputs, free), outputs, free, most);
  if (enabled) grouping.mergeAll();
  return { units: grouping.units(), free };
}

/** Nodes whose value has to be in memory: all but the free ones, and those of them that somebody reads as an array. */
function withMemory(nodes: readonly Node[], outputs: readonly number[], free: Free): Node[] {
  const read = new Set(outputs);
  for (const node of nodes) {
    if (!free.isPointwise(node.op) && node.op !== "expand") for (const slot of node.inputs) read.add(slot);
    else if (!free.isUniform(node.out)) for (const { slot } of free.operands(node)) read.add(slot);
  }
  return nodes.filter((node) => !free.isFree(node.out) || read.has(node.out));
}

/** Union-find over nodes, kept free of cycles. */
class Grouping {
  private readonly nodes: readonly Node[];
  private readonly free: Free;
  private readonly wanted: ReadonlySet<number>;
  private readonly most: { readonly reads: number; readonly arrays: number; readonly nodes: number };
  private readonly at = new Map<number, number>();
  private readonly parent: number[];
  private readonly members: number[][];
  private readonly readers: number[][];
  private readonly sources: number[][];

  constructor(nodes: readonly Node[], outputs: readonly number[], free: Free, most: Grouping["most"]) {
    this.nodes = nodes;
    this.wanted = new Set(outputs);
    this.free = free;
    this.most = most;
    nodes.forEach((node, i) => this.at.set(node.out, i));
    this.parent = nodes.map((_, i) => i);
    this.members = nodes.map((_, i) => [i]);
    this.readers = nodes.map(() => []);
    this.sources = nodes.map((node) => this.slotsRead(node).flatMap((slot) => this.at.get(slot) ?? []));
    this.sources.forEach((list, i) => {
      for (const s of list) this.readers[s].push(i);
    });
  }
  private isLoop(node: Node): boolean {
    return this.free.isPointwise(node.op) || node.op === "expand";
  }
  private slotsRead(node: Node): readonly number[] {
    if (!this.isLoop(node)) return node.inputs;
    return this.free.isUniform(node.out) ? [] : this.free.operands(node).map((v) => v.slot);
  }
  private root(i: number): number {
    let r = i;
    while (this.parent[r] !== r) r = this.parent[r] = this.parent[this.parent[r]];
    return r;
  }

  mergeAll(): void {
    this.nodes.forEach((node, i) => {
      if (!this.isLoop(node) || this.free.isUniform(node.out)) return;
      for (const { slot, access } of this.free.operands(node)) {
        const from = this.at.get(slot);
        if (from !== undefined && isContiguous(access) && this.isLoop(this.nodes[from]))
          this.tryMerge(this.root(from), this.root(i));
      }
    });
  }
  private tryMerge(a: number, b: number): void {
    if (a === b) return;
    const members = [...this.members[a], ...this.members[b]].sort((x, y) => x - y);
    if (members.length > this.most.nodes || !this.canShareLoop(members) || this.pathAround(a, b)) return;
    this.parent[b] = a;
    this.members[a] = members;
  }
  private canShareLoop(members: readonly number[]): boolean {
    const count = sizeOf(this.nodes[members[0]].spec.shape);
    if (members.some((i) => sizeOf(this.nodes[i].spec.shape) !== count)) return false;
    const views = members.flatMap((i) =>
      this.free.isUniform(this.nodes[i].out) ? [] : this.free.operands(this.nodes[i]),
    );
    const outside = views.filter((v) => !members.includes(this.at.get(v.slot) ?? -1));
    if (new Set(outside.map((v) => `${v.slot}:${v.access.strides}`)).size > this.most.reads) return false;
    const arrays = new Set(outside.map((v) => v.slot)).size + this.written(new Set(members)).length;
    return arrays <= this.most.arrays && commonSizes(views.map((v) => v.access)) !== undefined;
  }
  /** Those of the members whose value others, or the caller, want. */
  private written(members: ReadonlySet<number>): number[] {
    const isRead = (i: number) => this.readers[i].some((reader) => !members.has(reader));
    return [...members].filter((i) => this.wanted.has(this.nodes[i].out) || isRead(i));
  }
  /**
   * Whether b needs something outside that needs a: then they cannot run at once. Nodes after b's last, which is the one
   * being looked at, are still on their own, so no path leads back from them.
   */
  private pathAround(a: number, b: number): boolean {
    const last = this.members[b].at(-1)!;
    const seen = new Set<number>([a]);
    const stack = this.members[a]
      .flatMap((i) => this.readers[i])
      .map((i) => this.root(i))
      .filter((r) => r !== a && r !== b);
    while (stack.length) {
      const r = stack.pop()!;
      if (seen.has(r) || this.members[r][0] > last) continue;
      seen.add(r);
      for (const i of this.members[r])
        for (const reader of this.readers[i]) {
          const next = this.root(reader);
          if (next === b) return true;
          if (!seen.has(next)) stack.push(next);
        }
    }
    return false;
  }

  /** In an order in which everything is computed before it is read, and late rather than early. */
  units(): Unit[] {
    const order: number[] = [];
    const done = new Set<number>();
    const visit = (r: number): void => {
      if (done.has(r)) return;
      done.add(r);
      for (const i of this.members[r]) for (const s of this.sources[i]) visit(this.root(s));
      order.push(r);
    };
    const roots = [...new Set(this.nodes.map((_, i) => this.root(i)))];
    for (const r of roots.sort((x, y) => this.members[x].at(-1)! - this.members[y].at(-1)!)) visit(r);
    return order.map((r) => this.unit(this.members[r]));
  }
  private unit(members: readonly number[]): Unit {
    const inside = new Set(members);
    const nodes = members.map((i) => this.nodes[i]);
    const reads = new Set(
      nodes.flatMap((node) => this.slotsRead(node)).filter((slot) => !inside.has(this.at.get(slot) ?? -1)),
    );
    const writes = this.written(inside).map((i) => this.nodes[i].out);
    return { nodes, pointwise: this.isLoop(nodes[0]), reads: [...reads], writes };
  }
}
