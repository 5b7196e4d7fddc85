// What is cheaper to work out again than to keep: a value that differs from an array by numbers which were themselves worked out
// from it, such as x less its mean. It cannot run where x is made, so x is in memory; every loop that reads the value reads x instead.
import { sizeOf } from "@lamina/core";
import type { Node } from "@lamina/core/passes";
import { freeSlot, producersOf } from "./slots.ts";

/** Elements below which a pass over memory costs nothing. */
const LEAST = 8192;
/** How far back from a number it is looked whether it follows from the array. */
const MOST_STEPS = 16;
const CHEAP = ["add", "sub", "mul"];

/**
 * Gives each loop a copy of its own; sums are over the first of them. What is handed out, or read by what is neither, has to be kept
 * and is left alone.
 */
export function recomputed(
  nodes: readonly Node[],
  outputs: readonly number[],
  isPointwise: (op: string) => boolean,
): Node[] {
  const producers = producersOf(nodes);
  const kept = new Set([
    ...outputs,
    ...nodes.flatMap(({ op, inputs }) => (isPointwise(op) || op === "sum" ? [] : inputs)),
  ]);
  const isCheap = (node: Node) => !kept.has(node.out) && differsByItsOwn(node, producers);
  const cheap = producersOf(nodes.filter(isCheap));
  let free = freeSlot(nodes);
  const first = new Map<number, number>();
  return nodes.flatMap((reader) => {
    if (cheap.has(reader.out)) return [];
    if (!isPointwise(reader.op) && reader.op !== "sum") return [reader];
    const copies = new Map<number, Node>();
    const copyOf = (slot: number): number => {
      const node = cheap.get(slot);
      const known = copies.get(slot);
      const shared = reader.op === "sum" ? first.get(slot) : undefined;
      if (!node || known || shared !== undefined) return known?.out ?? shared ?? slot;
      const copy = { ...node, inputs: node.inputs.map(copyOf), out: free++ };
      copies.set(slot, copy);
      if (!first.has(slot)) first.set(slot, copy.out);
      return copy.out;
    };
    const inputs = reader.inputs.map(copyOf);
    return [...copies.values(), { ...reader, inputs }];
  });
}

/** Whether it is cheap, and reads one whole array and numbers that follow from it. */
export function differsByItsOwn({ op, inputs, spec }: Node, producers: ReadonlyMap<number, Node>): boolean {
  if (!CHEAP.includes(op) || spec.dtype !== "float32" || sizeOf(spec.shape) < LEAST) return false;
  const [few, whole] = [inputs, inputs].map((list, i) =>
    list.filter((slot) => (producers.get(slot)?.op === "expand") === (i === 0)),
  );
  return few.length === 1 && whole.length === 1 && follows(few[0], whole[0], producers, { left: MOST_STEPS });
}
function follows(slot: number, from: number, producers: ReadonlyMap<number, Node>, steps: { left: number }): boolean {
  if (slot === from) return true;
  if (steps.left-- <= 0) return false;
  return (producers.get(slot)?.inputs ?? []).some((input) => follows(input, from, producers, steps));
}
