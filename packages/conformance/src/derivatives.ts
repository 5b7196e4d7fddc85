// Value, gradients and second derivatives of a function on a backend, and directional differences to hold them against.
import {
  type Backend,
  type DType,
  detach,
  Generator,
  grad,
  mul,
  type Shape,
  setBackend,
  sizeOf,
  sum,
  type Tensor,
  type TypedArray,
  tensor,
} from "@lamina/core";
import { seedOf, uniform } from "./inputs.ts";
import type { Value } from "./subject.ts";

export type Fn = (inputs: readonly Tensor[]) => Tensor;
export interface Derivatives {
  readonly value: TypedArray;
  readonly shape: Shape;
  /** One for each float input. */
  readonly first: readonly TypedArray[];
  readonly second: readonly TypedArray[];
}
const isFloat = (dtype: DType): boolean => dtype === "float32" || dtype === "float64";

/** The same values as float64, which the reference backend computes with as it is. */
export const doubled = (x: Value): Value =>
  x.dtype === "float32" ? { shape: x.shape, dtype: "float64", data: Float64Array.from(x.data) } : x;

/** A root of the graph that is no parameter: nothing stays on the device for it. */
function leafOf({ data, shape, dtype }: Value): Tensor {
  const leaf = detach(tensor(data, { shape, dtype }));
  leaf.requiresGrad = isFloat(dtype);
  return leaf;
}
/** Numbers between 0.5 and 1.5, the same for a name: what results are weighted with before they are summed up. */
function weightsFor(name: string, shape: Shape, dtype: DType): Tensor {
  const numbers = uniform(new Generator(seedOf(name)), sizeOf(shape), 0.5, 1.5);
  return tensor(dtype === "float64" ? Float64Array.from(numbers) : numbers, { shape, dtype });
}
const weighted = (x: Tensor, name: string): Tensor => sum(mul(x, weightsFor(name, x.shape, x.dtype)));
const total = (gradients: readonly Tensor[]): Tensor =>
  gradients.map((g, i) => weighted(g, `gradient ${i}`)).reduce((a, b) => a.add(b));

/** @param gradOutput the gradient of the result; by default numbers between 0.5 and 1.5. */
export async function derivatives(
  backend: Backend,
  fn: Fn,
  inputs: readonly Value[],
  { order = 1, gradOutput }: { order?: 0 | 1 | 2; gradOutput?: Value } = {},
): Promise<Derivatives> {
  setBackend(backend);
  const leaves = inputs.map(leafOf);
  const variables = leaves.filter((x) => x.requiresGrad);
  const y = fn(leaves);
  const dy = gradOutput
    ? tensor(gradOutput.data, { shape: gradOutput.shape, dtype: gradOutput.dtype })
    : weightsFor("result", y.shape, y.dtype);
  const first = order > 0 && y.requiresGrad ? grad(sum(mul(y, dy)), variables, { createGraph: order > 1 }) : [];
  const slope = order > 1 && first.length ? total(first) : undefined;
  const second = slope?.requiresGrad ? grad(slope, variables) : [];
  const [value, ...rest] = await Promise.all([y, ...first, ...second].map((t) => t.data()));
  return { value, shape: y.shape, first: rest.slice(0, first.length), second: rest.slice(first.length) };
}

/** The number whose derivatives `derivatives` gives: of first order the weighted result, of second the weighted gradients. */
async function potential(backend: Backend, fn: Fn, inputs: readonly Value[], order: 1 | 2): Promise<number> {
  setBackend(backend);
  const leaves = inputs.map(leafOf);
  const y = fn(leaves);
  if (order === 1) return weighted(y, "result").item();
  if (!y.requiresGrad) return 0;
  return total(
    grad(
      weighted(y, "result"),
      leaves.filter((x) => x.requiresGrad),
      { createGraph: true },
    ),
  ).item();
}

const STEP = 1e-5;
const DIRECTIONS = 3;
/** How much of a difference quotient is rounding and curvature: h² from the formula, 1e-16/h from the arithmetic. */
const QUOTIENT_ERROR = 2e-6;

/** Input `i` moved by `step` along `direction`. */
const moved = (inputs: readonly Value[], i: number, direction: ArrayLike<number>, step: number): Value[] =>
  inputs.map((x, j) =>
    j === i ? { ...x, data: Float64Array.from(x.data as Float64Array, (v, e) => v + step * direction[e]) } : x,
  );

/** Moves each float input along random directions and compares the slope with the gradient's; throws where they differ. */
export async function checkAgainstDifferences(
  oracle: Backend,
  fn: Fn,
  inputs: readonly Value[],
  gradients: readonly TypedArray[],
  order: 1 | 2,
): Promise<void> {
  const floats = inputs.flatMap((x, i) => (isFloat(x.dtype) ? [i] : []));
  for (const [k, i] of floats.entries())
    for (let d = 0; d < DIRECTIONS; d++) {
      const direction = uniform(new Generator(seedOf(`direction ${i} ${d}`)), inputs[i].data.length, -1, 1);
      const at = (step: number) => potential(oracle, fn, moved(inputs, i, direction, step), order);
      const quotient = ((await at(STEP)) - (await at(-STEP))) / (2 * STEP);
      checkSlope(`input ${i}, direction ${d}`, Array.from(gradients[k] ?? []), direction, quotient);
    }
}
function checkSlope(where: string, gradient: readonly number[], direction: ArrayLike<number>, quotient: number): void {
  const slope = gradient.reduce((s, g, e) => s + g * direction[e], 0);
  const size = gradient.reduce((s, g) => Math.max(s, Math.abs(g)), 1);
  if (!(Math.abs(quotient - slope) <= QUOTIENT_ERROR * size))
    throw new Error(
      `${where}: the gradient gives a slope of ${slope}, but differences give ${quotient}; the gradient is wrong`,
    );
}
