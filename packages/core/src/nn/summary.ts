// summary(): what a model consists of and costs, read from the graph of one forward pass; nothing is computed.
import { inBytes, type Shape, sizeOf } from "../dtype.ts";
import { Tensor } from "../tensor.ts";
import { graphOf, type Visit } from "./graph.ts";
import { type MemoryNeeds, memoryOf } from "./memory.ts";
import { mermaidOf } from "./mermaid.ts";
import type { Module } from "./module.ts";
import { fullyConnectedParameterCount } from "./parameterCounts.ts";
import { fieldsOf } from "./receptiveField.ts";

export interface LayerSummary {
  /** Path in the model, `features.0`. */
  readonly name: string;
  readonly type: string;
  /** Shape of its result. */
  readonly output: Shape;
  /** Trained values of it and what is inside. */
  readonly parameters: number;
  /** Multiply-adds of one forward pass of the whole input: of convolutions and products of matrices. */
  readonly macs: number;
  /** Height and width of what one place of its result sees of the input, padding included; null where the input is no image. */
  readonly receptiveField: readonly [number, number] | null;
}
/** A layer with those inside it. */
export interface LayerTree extends LayerSummary {
  readonly children: readonly LayerTree[];
}
export interface SummaryOptions {
  /** How deep to look: 1 shows what is directly inside (default: all layers). */
  depth?: number;
}

/** Each element of the result is a dot product as long as its filter; of a transposed convolution, each of the input. */
function macsOf({ op, inputs: [x, w], shape, attrs }: Tensor): number {
  if (op!.name === "conv2d") return sizeOf(shape) * sizeOf(w.shape.slice(1));
  if (op!.name === "conv2dGradInput") return x.numel * sizeOf(w.shape.slice(1));
  if (op!.name !== "matmul") return 0;
  const { transposeX } = attrs as { transposeX: boolean };
  return sizeOf(shape) * x.shape[x.ndim - (transposeX ? 2 : 1)];
}

function fullyConnectedOf({ op, inputs: [x], shape }: Tensor): number {
  if (op!.name !== "conv2d") return 0;
  const [c1, h1, w1] = x.shape.slice(1);
  const [c2, h2, w2] = shape.slice(1);
  return fullyConnectedParameterCount([c1, h1, w1], [c2, h2, w2]);
}

/** What {@link summary} gives: an object to look into, print, or turn into JSON. */
export class Summary {
  readonly input: Shape;
  readonly parameters: number;
  readonly macs: number;
  /** What the convolutions' weights would be if they were fully connected layers between the same shapes: c1·c2·h1·w1·h2·w2 each. */
  readonly fullyConnected: number;
  readonly memory: MemoryNeeds;
  /** Layers without layers inside (or as deep as was asked), in the order they ran. */
  readonly layers: readonly LayerSummary[];
  /** The model itself, and what is inside. */
  readonly tree: LayerTree;
  readonly #mermaid: () => string;

  constructor(model: Module, inputShape: Shape, depth: number) {
    const graph = graphOf(model, inputShape);
    const fields = fieldsOf(graph.input, graph.root.nodes);
    const describe = (visit: Visit, level: number): LayerTree => {
      const axes = fields.get(visit.output)?.axes;
      return {
        name: visit.name,
        type: visit.module.constructor.name,
        output: visit.output.shape,
        parameters: visit.module.numParameters(),
        macs: visit.nodes.reduce((n, t) => n + macsOf(t), 0),
        receptiveField: axes ? [axes[0].size, axes[1].size] : null,
        children: level < depth ? visit.children.map((child) => describe(child, level + 1)) : [],
      };
    };
    this.input = inputShape;
    this.tree = describe(graph.root, 0);
    this.layers = leavesOf(this.tree).map(({ children: _, ...layer }) => layer);
    this.parameters = this.tree.parameters;
    this.macs = this.tree.macs;
    this.fullyConnected = graph.root.nodes.reduce((n, t) => n + fullyConnectedOf(t), 0);
    this.memory = memoryOf(model, graph);
    this.#mermaid = () => mermaidOf(graph, depth);
  }
  toJSON() {
    const { input, parameters, macs, memory, layers } = this;
    return { input, parameters, macs, memory, layers };
  }
  /** A table of the tree. */
  toString(): string {
    return table(this);
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
  /** A flow chart in [Mermaid](https://mermaid.js.org), which GitHub draws in a fenced block: layers, and where paths meet. */
  toMermaid(): string {
    return this.#mermaid();
  }
}
const leavesOf = (tree: LayerTree): LayerTree[] => (tree.children.length ? tree.children.flatMap(leavesOf) : [tree]);

/**
 * Layers with output shapes, parameters, multiply-adds and receptive fields, and the memory that use and training take, as
 * torchinfo's `summary`. `console.log(nn.summary(net, [1, 1, 96, 96]))`; with `{ depth: 1 }` the shapes after each block.
 * Needs no device and computes nothing.
 * @param input its shape with the batch, such as [1, 1, 28, 28], or a tensor of that shape.
 */
export const summary = (model: Module, input: Shape | Tensor, { depth = Infinity }: SummaryOptions = {}): Summary =>
  new Summary(model, input instanceof Tensor ? input.shape : input, depth);

// ---- for people --------------------------------------------------------------------------------------------------------
const grouped = (n: number) => n.toLocaleString("en-US");
const bytes = (n: number | undefined) => (n === undefined ? "not possible with this batch" : inBytes(n));
const fieldText = (field: LayerSummary["receptiveField"]) =>
  field ? field.map((n) => Math.round(n)).join(" x ") : "-";

function rowsOf(tree: LayerTree, level: number): string[][] {
  const own = [
    `${"  ".repeat(level)}${tree.name.split(".").at(-1) || "(model)"}: ${tree.type}`,
    `[${tree.output.join(", ")}]`,
    grouped(tree.parameters),
    grouped(tree.macs),
    fieldText(tree.receptiveField),
  ];
  return [own, ...tree.children.flatMap((child) => rowsOf(child, level + 1))];
}
function table({ tree, input, memory, fullyConnected }: Summary): string {
  const head = ["layer", "output shape", "parameters", "multiply-adds", "receptive field"];
  const rows = [head, ...rowsOf(tree, 0)];
  const widths = head.map((_, k) => Math.max(...rows.map((row) => row[k].length)));
  const line = (row: readonly string[]) =>
    row.map((cell, k) => (k < 2 ? cell.padEnd(widths[k]) : cell.padStart(widths[k]))).join("  ");
  const notes = [
    `input [${input.join(", ")}]`,
    `parameters ${bytes(memory.parameters)}; a forward pass takes ${bytes(memory.inference)}`,
    ...(fullyConnected
      ? [`fully connected layers in the place of the convolutions would have ${grouped(fullyConnected)} weights`]
      : []),
    `a training step takes ${bytes(memory.training)}, of which ${bytes(memory.activations)} are kept for the gradients`,
  ];
  return [...rows.map(line), "", ...notes].join("\n");
}
