// Dead code: what no output needs is not computed.
import type { Node } from "./node.ts";

export function withoutDead(nodes: readonly Node[], outputs: readonly number[]): Node[] {
  const needed = new Set(outputs);
  const kept: Node[] = [];
  for (let i = nodes.length - 1; i >= 0; i--) {
    const node = nodes[i];
    if (!needed.has(node.out)) continue;
    for (const slot of node.inputs) needed.add(slot);
    kept.push(node);
  }
  return kept.reverse();
}
