// A sum over an array that is put together linearly from arrays whose own sums are known is put together from those: the gradient
// of a mean then needs no pass over memory. Which numbers are added stays the same, in another order.
import { type Shape, type Spec, sizeOf } from "@lamina/core";
import type { Node } from "@lamina/core/passes";
import { differsByItsOwn } from "./recompute.ts";
import { freeSlot, producersOf } from "./slots.ts";

/** How many ops deep it is looked. */
const MOST_STEPS = 12;

export function linearSums(nodes: readonly Node[]): Node[] {
  const rewriter = new Rewriter(nodes);
  for (const node of nodes) rewriter.add(node);
  return rewriter.out;
}

class Rewriter {
  readonly out: Node[] = [];
  private readonly producers: ReadonlyMap<number, Node>;
  /** Slots of the sums there are, by what they are of. */
  private readonly sums = new Map<string, number>();
  private free: number;
  /** What the sum at hand needs, in order. */
  private made: Node[] = [];
  private steps = 0;

  constructor(nodes: readonly Node[]) {
    this.producers = producersOf(nodes);
    this.free = freeSlot(nodes);
  }
  add(node: Node): void {
    const replaced = node.op === "sum" ? this.fromParts(node) : undefined;
    this.out.push(...(replaced ?? [node]));
    if (node.op === "sum") this.sums.set(keyOf(node, node.inputs[0]), node.out);
  }
  private fromParts(sum: Node): Node[] | undefined {
    const part = this.producers.get(sum.inputs[0]);
    if (!part || this.sums.has(keyOf(sum, part.out))) return undefined;
    this.made = [];
    this.steps = MOST_STEPS;
    if (this.parts(sum, part) === undefined) return undefined;
    const last = this.made.pop()!;
    return [...this.made, { ...last, out: sum.out }];
  }
  /** The slot of the sum over a slot's array; undefined if it would have to be read. */
  private sumOf(sum: Node, slot: number): number | undefined {
    const known = this.sums.get(keyOf(sum, slot));
    if (known !== undefined) return known;
    const node = this.producers.get(slot);
    if (!node || this.steps-- <= 0) return undefined;
    if (differsByItsOwn(node, this.producers))
      // added up where it is worked out for something else
      return this.make({ ...sum, inputs: [slot] });
    return this.parts(sum, node);
  }
  private parts(sum: Node, { op, inputs, inputSpecs }: Node): number | undefined {
    if (op === "neg" || op === "add" || op === "sub") {
      const parts = inputs.map((slot) => this.sumOf(sum, slot));
      return parts.includes(undefined) ? undefined : this.combined(op, parts as number[], sum.spec);
    }
    if (op !== "mul") return undefined;
    for (const [whole, factor] of [
      [0, 1],
      [1, 0],
    ]) {
      const few = this.fewOf(sum, inputs[factor], inputSpecs[factor].shape);
      const rest = few && this.sumOf(sum, inputs[whole]);
      if (rest !== undefined) return this.combined("mul", [rest, few!()], sum.spec);
    }
    return undefined;
  }
  /** If an array is the same along the axes of the sum: makes it so that it has a number for each result. */
  private fewOf({ attrs, spec }: Node, slot: number, shape: Shape): (() => number) | undefined {
    const node = this.producers.get(slot);
    if (node?.op === "full") return () => this.make({ ...node, spec });
    if (node?.op !== "expand") return undefined;
    const { axes } = attrs as { axes: readonly number[] };
    const [from] = node.inputSpecs;
    const lead = shape.length - from.shape.length;
    if (axes.some((axis) => axis >= lead && from.shape[axis - lead] !== 1)) return undefined;
    if (sizeOf(from.shape) === sizeOf(spec.shape)) return () => node.inputs[0];
    return sizeOf(from.shape) === 1 ? () => this.make({ ...node, attrs: { shape: spec.shape }, spec }) : undefined;
  }
  private combined(op: string, inputs: number[], spec: Spec): number {
    return this.make({ op, attrs: {}, scalars: [], inputs, inputSpecs: inputs.map(() => spec), out: 0, spec });
  }
  private make(node: Node): number {
    const out = this.free++;
    this.made.push({ ...node, out });
    return out;
  }
}
const keyOf = ({ attrs, inputSpecs: [spec] }: Node, slot: number): string =>
  `${slot} ${spec.shape} ${(attrs as { axes: readonly number[] }).axes}`;
