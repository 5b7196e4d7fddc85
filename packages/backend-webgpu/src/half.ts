// Mixed precision: what convolutions and products read again and again is kept in half precision, rounded once, and whatever is
// computed from it is summed in float32. Gradients of results stay float32, so that small ones do not vanish and need no scaling.
import { sizeOf } from "@lamina/core";
import type { Node } from "@lamina/core/passes";

/** A pointwise op of this device's own: its result is its operand, stored as f16. */
export const HALF = "half";

/** Which operands are kept so; of a product those that come into the program, such as weights. */
const operands: Readonly<Record<string, (input: number, isGiven: boolean) => boolean>> = {
  conv2d: () => true,
  conv2dGradInput: (input) => input === 1,
  conv2dGradWeight: (input) => input === 0,
  matmul: (_, isGiven) => isGiven,
};
export const halvedOps = Object.keys(operands);

export interface Halved {
  readonly nodes: readonly Node[];
  /** The slots that hold f16. */
  readonly slots: ReadonlySet<number>;
}
/**
 * Reads operands from a copy in half precision, which all readers of a value share.
 * @param given how many slots come into the program; @param longest elements of an array that is not too large for it.
 */
export function withHalves(nodes: readonly Node[], given: number, longest: number): Halved {
  const halves = new Map<number, number>();
  let next = nodes.reduce((most, { out }) => Math.max(most, out), given - 1) + 1;
  const changed = nodes.flatMap((node): Node[] => {
    const copies: Node[] = [];
    const inputs = node.inputs.map((slot, i) => {
      const { shape, dtype } = node.inputSpecs[i];
      const wanted = operands[node.op]?.(i, slot < given) && dtype === "float32" && sizeOf(shape) <= longest;
      if (!wanted) return slot;
      const known = halves.get(slot);
      if (known !== undefined) return known;
      const spec = { shape, dtype };
      copies.push({ op: HALF, attrs: {}, scalars: [], inputs: [slot], inputSpecs: [spec], out: next, spec });
      halves.set(slot, next);
      return next++;
    });
    return [...copies, { ...node, inputs }];
  });
  return { nodes: changed, slots: new Set(halves.values()) };
}
