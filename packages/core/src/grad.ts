// The reverse pass: gradients are more graph, there is no second mechanism.
import type { Cell } from "./cell.ts";
import { isFloat } from "./dtype.ts";
import { differentiate, withGrad } from "./mode.ts";
import { add, detach, full } from "./ops/functions.ts";
import { settle } from "./pending.ts";
import { sweep } from "./run.ts";
import { newStamp, type Tensor } from "./tensor.ts";

/** A value that the reverse pass comes to. */
interface Reached {
  readonly tensor: Tensor;
  /** What it was computed from; undefined where no gradient flows. */
  readonly inputs: (Reached | undefined)[];
  /** A wanted tensor is among what it was computed from, or it is one itself. */
  leads: boolean;
  /** Its gradient, added up so far. */
  gradient: Tensor | undefined;
}

/** Everything that `root` was computed from and that gradients flow through, the last recorded first (a topological order, from its end). */
function graphOf(root: Tensor): Reached[] {
  const stamp = newStamp();
  const reached: Reached[] = [];
  const reach = (tensor: Tensor): Reached => {
    if (tensor.released)
      throw new Error(
        "backward: the graph of this value was released by an earlier backward(); compute it again, or call backward() once on the sum of the losses",
      );
    const r: Reached = { tensor, inputs: [], leads: false, gradient: undefined };
    tensor.stamp = stamp;
    tensor.local = reached.push(r) - 1;
    return r;
  };
  reach(root);
  for (const { tensor, inputs } of reached)
    for (const x of tensor.inputs)
      inputs.push(!x.requiresGrad ? undefined : x.stamp === stamp ? reached[x.local] : reach(x));
  return reached.sort((a, b) => b.tensor.id - a.tensor.id);
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

/** Gradients of `root` for all that `isWanted`, as graph: each {@link Reached} has its own. */
function gradients(
  root: Tensor,
  dy: Tensor | undefined,
  createGraph: boolean,
  isWanted: (x: Tensor) => boolean,
): readonly Reached[] {
  return withGrad(createGraph, () =>
    sweep(() => {
      const seed = seedFor(root, dy);
      const reached = graphOf(root);
      reached[0].gradient = seed; // the root, recorded after all that it was computed from
      for (let i = reached.length - 1; i >= 0; i--) {
        const r = reached[i];
        r.leads = isWanted(r.tensor) || r.inputs.some((x) => x?.leads);
      }
      for (const r of reached) passBack(r);
      differentiate(undefined);
      return reached;
    }),
  );
}
function passBack({ tensor: t, inputs, gradient }: Reached): void {
  if (!gradient || !t.op || t.op.grad === "none" || !inputs.some((x) => x?.leads)) return;
  differentiate(t);
  const thunks = t.op.grad(t, gradient, t.attrs!);
  for (let k = 0; k < inputs.length; k++) {
    const x = inputs[k];
    const dx = x?.leads && thunks[k]?.();
    if (dx) x.gradient = x.gradient ? add(x.gradient, dx) : dx;
  }
}

/**
 * Adds the gradients of `loss` to the `grad` of every parameter it was computed from, as `Tensor.backward()`.
 * @param dy gradient of the result, of its shape; may be left out for a loss of one element.
 */
export function backward(loss: Tensor, dy?: Tensor): void {
  const root = loss.source;
  for (const { tensor, gradient } of gradients(root, dy, false, (x) => x.cell !== undefined))
    if (gradient && tensor.cell) accumulate(tensor.cell, gradient);
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
  const reached = gradients(root, gradOutput, createGraph, (x) => wanted.has(x));
  root.uses++; // its value may be of no interest
  const found = new Map(reached.map(({ tensor, gradient }) => [tensor, gradient]));
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
