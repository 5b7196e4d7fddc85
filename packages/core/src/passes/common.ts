// Common subexpressions: the same op on the same values with the same attributes is computed once. What takes scalars
// is left alone, because they may differ from run to run.
import type { Node } from "./node.ts";

/** Outputs stay apart: each is handed out as a buffer of its own. */
export function withoutCommon(nodes: readonly Node[], outputs: readonly number[]): Node[] {
  const handedOut = new Set(outputs);
  const first = new Map<string, number>();
  const standsFor = new Map<number, number>();
  const kept: Node[] = [];
  for (const node of nodes) {
    const inputs = node.inputs.map((slot) => standsFor.get(slot) ?? slot);
    const key = JSON.stringify([node.op, node.attrs, inputs, node.inputSpecs, node.spec]);
    const known = node.scalars.length ? undefined : first.get(key);
    if (known !== undefined && !handedOut.has(node.out)) {
      standsFor.set(node.out, known);
      continue;
    }
    if (!node.scalars.length) first.set(key, node.out);
    kept.push({ ...node, inputs });
  }
  return kept;
}
