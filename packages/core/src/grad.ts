// The reverse pass: gradients are more graph, there is no second mechanism.
import type { Cell } from "./cell.ts";
import { isFloat } from "./dtype.ts";
import { differentiate, withGrad } from "./mode.ts";
import { add, detach, full } from "./ops/functions.ts";
import { settle } from "./pending.ts";
import { sweep } from "./run.ts";
import type { Tensor } from "./tensor.ts";

/** Everything that `root` was computed from and that gradients flow through, in recording order (a topological order). */
function graphOf(root: Tensor): Tensor[] {
  const reached = new Set<Tensor>([root]);
  for (const t of reached) for (const x of t.inputs) if (x.requiresGrad) reached.add(x);
  for (const t of reached)
    if (t.released)
      throw new Error(
        "backward: the graph of this value was released by an earlier backward(); compute it again, or call backward() once on the sum of the losses",
      );
  return [...reached].sort((a, b) => a.id - b.id);
}

function seedFor(root: Tensor, dy: Tensor | undefined): Tensor {
  if (!root.requiresGrad)
    throw new Error(
      "backward: nothing this value was computed from requires a gradient; use Parameters, or tensor(data, { requiresGrad: true })",
    );
  if (!dy && root.numel !== 1)
    throw new Error(
      `backward: the loss has shape [${root.shape}] but must be a scalar; reduce it first, with sum() or mean(), or pass the gradient of the result`,
    );
  if (dy && `${dy.shape}` !== `${root.shape}`)
    throw new Error(
      `backward: the gradient passed has shape [${dy.shape}] but the value has shape [${root.shape}]; pass one of that shape`,
    );
  return dy ? dy.source : full(root.shape, 1, { dtype: root.dtype });
}

/** Gradients of `root` for all that `isWanted`, as graph. */
function gradients(
  root: Tensor,
  dy: Tensor | undefined,
  createGraph: boolean,
  isWanted: (x: Tensor) => boolean,
): Map<Tensor, Tensor> {
  return withGrad(createGraph, () =>
    sweep(() => {
      const found = new Map<Tensor, Tensor>([[root, seedFor(root, dy)]]);
      const order = graphOf(root);
      const leads = new Set<Tensor>(); // what a wanted tensor can be reached from
      for (const t of order) if (isWanted(t) || t.inputs.some((x) => leads.has(x))) leads.add(t);
      for (let i = order.length - 1; i >= 0; i--) passBack(order[i], found, leads);
      differentiate(undefined);
      return found;
    }),
  );
}
function passBack(t: Tensor, found: Map<Tensor, Tensor>, leads: ReadonlySet<Tensor>): void {
  const dy = found.get(t);
  if (!dy || !t.op || t.op.grad === "none" || !t.inputs.some((x) => leads.has(x))) return;
  differentiate(t);
  const thunks = t.op.grad(t, dy, t.attrs!);
  t.inputs.forEach((x, k) => {
    if (!leads.has(x) || !x.requiresGrad) return;
    const dx = thunks[k]?.();
    if (!dx) return;
    const sum = found.get(x);
    found.set(x, sum ? add(sum, dx) : dx);
  });
}

/**
 * Adds the gradients of `loss` to the `grad` of every parameter it was computed from, as `Tensor.backward()`.
 * @param dy gradient of the result, of its shape; may be left out for a loss of one element.
 */
export function backward(loss: Tensor, dy?: Tensor): void {
  const root = loss.source;
  const found = gradients(root, dy, false, (x) => x.cell !== undefined);
  for (const [leaf, g] of found) if (leaf.cell) accumulate(leaf.cell, g);
  if (root.pending)
    root.isRoot = true; // its graph goes when it has run
  else if (!root.cell) root.cut();
}
function accumulate(parameter: Cell, g: Tensor): void {
  if (parameter.grad?.error) parameter.grad = undefined;
  const before = parameter.grad;
  if (before?.pending) settle(before); // an earlier backward that has not run: run it first
  parameter.grad = parameter.grad ? add(parameter.grad, g) : g;
}

export interface GradOptions {
  /** Record the gradients so that they can be differentiated again (default false). */
  createGraph?: boolean;
  /** The gradient of the output, of its shape (default 1, for outputs of one element). */
  gradOutput?: Tensor;
}
type Differentiable = (...args: Tensor[]) => Tensor;

/**
 * `grad(output, inputs)`: the gradients of `output` for each of `inputs` (tensors or parameters) as tensors, without
 * touching any `.grad`, as `torch.autograd.grad`; zeros where there is no path.
 * `grad(fn)`: the function that computes the gradient of `fn` for its first argument, as `torch.func.grad`; it can be nested.
 */
export function grad(output: Tensor, inputs: readonly Tensor[], options?: GradOptions): Tensor[];
export function grad(fn: Differentiable): Differentiable;
export function grad(
  of: Tensor | Differentiable,
  inputs: readonly Tensor[] = [],
  options: GradOptions = {},
): Tensor[] | Differentiable {
  if (typeof of === "function") return gradOf(of);
  const { createGraph = false, gradOutput } = options;
  const root = of.source;
  const wanted = new Set(inputs.map((x) => x.source));
  const found = gradients(root, gradOutput, createGraph, (x) => wanted.has(x));
  root.uses++; // its value may be of no interest
  return inputs.map((x) => found.get(x.source) ?? full(x.shape, 0, { dtype: x.dtype }));
}
function gradOf(fn: Differentiable): Differentiable {
  return (x, ...rest) => {
    if (!isFloat(x.dtype))
      throw new Error(
        `grad: the argument is ${x.dtype}, and only floating-point values have gradients; cast it to float32`,
      );
    return withGrad(true, () => {
      const leaf = x.source.requiresGrad ? x : variable(x);
      const [dx] = grad(fn(leaf, ...rest), [leaf], { createGraph: true });
      return dx;
    });
  };
}
/** The same value as the root of a graph of its own. */
function variable(x: Tensor): Tensor {
  const leaf = detach(x);
  leaf.requiresGrad = true;
  return leaf;
}
