// What passes over a program's nodes ask of its slots.
import type { Node } from "@lamina/core/passes";

/** The node that makes each slot; inputs have none. */
export const producersOf = (nodes: readonly Node[]): Map<number, Node> =>
  new Map(nodes.map((node) => [node.out, node]));
/** The first of the slots that no node reads or makes. */
export const freeSlot = (nodes: readonly Node[]): number =>
  1 + Math.max(-1, ...nodes.flatMap(({ out, inputs }) => [out, ...inputs]));
