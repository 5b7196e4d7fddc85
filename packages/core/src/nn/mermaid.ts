// A model's graph as a Mermaid flow chart: layers as boxes, and ops between them where paths meet.
import type { Tensor } from "../tensor.ts";
import type { Graph, Visit } from "./graph.ts";

const shapeText = (shape: readonly number[]) => shape.slice(1).join("×") || "1";

/** The modules that are drawn as one box each. */
const boxes = (v: Visit, depth: number): Visit[] =>
  v.children.length && depth > 0 ? v.children.flatMap((child) => boxes(child, depth - 1)) : [v];

export function mermaidOf({ input, root }: Graph, depth: number): string {
  const lines = [`  input(["input ${shapeText(input.shape)}"])`];
  const edges = new Set<string>();
  const insideOf = new Map<Tensor, string>();
  boxes(root, depth).forEach((visit, i) => {
    for (const node of visit.nodes) insideOf.set(node, `n${i}`);
    if (visit.nodes.length === 0) return; // gives what it gets, as dropout does in use
    const { name, type } = { name: visit.name, type: visit.module.constructor.name };
    lines.push(`  n${i}["${name ? `${name}<br/>` : ""}${type}<br/>${shapeText(visit.output.shape)}"]`);
  });
  /** From which box or meeting point a value comes; none for parameters and constants. */
  const sources = new Map<Tensor, string>([[input, "input"]]);
  let joins = 0;
  for (const node of root.nodes) {
    const from = [...new Set(node.inputs.flatMap((x) => sources.get(x) ?? []))];
    if (from.length === 0) continue;
    let own = insideOf.get(node);
    if (!own && from.length > 1) {
      own = `j${joins++}`;
      lines.push(`  ${own}(("${node.op!.name}"))`);
    }
    if (own) for (const source of from) if (source !== own) edges.add(`  ${source} --> ${own}`);
    sources.set(node, own ?? from[0]);
  }
  const last = sources.get(root.output);
  return [
    "flowchart TD",
    ...lines,
    `  output(["output ${shapeText(root.output.shape)}"])`,
    ...edges,
    `  ${last} --> output`,
  ].join("\n");
}
