// How much memory a model takes: of one forward pass and of a training step, from the order in which values are made and used.
// Counted op by op: a device that fuses needs less, and its own allocator may need a little more.
import { bytesOf, type Shape } from "../dtype.ts";
import { grad } from "../grad.ts";
import { sum } from "../ops/functions.ts";
import { trace } from "../pending.ts";
import { randomState, setRandomState } from "../random.ts";
import { Tensor } from "../tensor.ts";
import { type Graph, inMode, shapesOnly } from "./graph.ts";
import type { Module } from "./module.ts";

/** In bytes. */
export interface MemoryNeeds {
  /** Parameters and buffers. */
  readonly parameters: number;
  /** What one forward pass without gradients takes at its peak, parameters included. */
  readonly inference: number;
  /** What the forward pass leaves for the gradients. Undefined if the model cannot be trained on such a batch. */
  readonly activations: number | undefined;
  /** What a step of plain SGD takes at its peak: parameters, their gradients, and values that are still needed; momentum adds the parameters once, Adam twice. */
  readonly training: number | undefined;
}

/** Who holds the value: aliases hold none. */
function ownerOf(t: Tensor): Tensor {
  let owner = t;
  while (owner.op?.alias) owner = owner.inputs[0];
  return owner;
}
const total = (tensors: Iterable<Tensor>) => [...tensors].reduce((n, t) => n + bytesOf(t), 0);

/** The most that is alive at once of what the nodes make, if `kept` stays. What they start from is not counted. */
function peakOf(nodes: readonly Tensor[], kept: readonly Tensor[]): number {
  const last = new Map<Tensor, number>();
  nodes.forEach((n, i) => {
    for (const x of [n, ...n.inputs]) last.set(ownerOf(x), i);
  });
  for (const t of kept) last.set(ownerOf(t), nodes.length);
  const dying = nodes.map((): Tensor[] => []);
  const made = new Set(nodes.filter((n) => !n.op!.alias));
  for (const [t, i] of last) if (made.has(t) && i < nodes.length) dying[i].push(t);
  let alive = 0;
  let peak = 0;
  nodes.forEach((n, i) => {
    if (made.has(n)) alive += bytesOf(n);
    peak = Math.max(peak, alive);
    alive -= total(dying[i]);
  });
  return peak;
}
/** Bytes of the values before `forward` ends that later nodes read. */
function keptForGradients(nodes: readonly Tensor[], forward: number): number {
  const made = new Set(nodes.slice(0, forward).filter((n) => !n.op!.alias));
  const read = new Set(nodes.slice(forward).flatMap((n) => n.inputs.map(ownerOf)));
  return total([...made].filter((t) => read.has(t)));
}

/** A training step recorded on shapes: running statistics and the random stream stay as they are. */
function trainingStep(model: Module, inputShape: Shape): { nodes: Tensor[]; forward: number; gradients: Tensor[] } {
  const random = randomState();
  const buffers = model.buffers();
  for (const b of buffers) b.set = () => {};
  try {
    return inMode(model, true, () => {
      const { result, nodes } = trace(shapesOnly, () => sum(model.forward(new Tensor(inputShape, "float32"))));
      const back = trace(shapesOnly, () => grad(result, model.parameters()));
      return { nodes: [...nodes, ...back.nodes], forward: nodes.length, gradients: back.result };
    });
  } finally {
    for (const b of buffers) Reflect.deleteProperty(b, "set"); // the class's own shows again
    setRandomState(random);
  }
}
function stepOrNone(model: Module, inputShape: Shape): ReturnType<typeof trainingStep> | undefined {
  try {
    return trainingStep(model, inputShape);
  } catch {
    return undefined; // such as a batch of one through BatchNorm1d, which the model itself refuses
  }
}

export function memoryOf(model: Module, { input, root }: Graph): MemoryNeeds {
  const parameters = total([...model.parameters(), ...model.buffers()]);
  const start = parameters + bytesOf(input);
  const step = stepOrNone(model, input.shape);
  return {
    parameters,
    inference: start + peakOf(root.nodes, [root.output]),
    activations: step && keptForGradients(step.nodes, step.forward),
    training: step && start + peakOf(step.nodes, step.gradients),
  };
}
