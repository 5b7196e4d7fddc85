// Weights by a formula that tools/goldens knows too, so that networks start from the same weights as PyTorch's without any
// being stored; and what is kept of a tensor to compare it by.
import { Generator, type nn, noGrad, sizeOf, type Tensor, tensor } from "@lamina/core";
import { seedOf } from "./inputs.ts";

/** The length of no row of a layer divides it, so rows differ. */
const PRIME = 65_521;
const numbers = new Generator(1).uniforms(PRIME);

/** `n` numbers in [0, 1): always the same ones, from a place that the name says, over and over. */
function pattern(name: string, n: number, shape: (u: number) => number): Float32Array {
  const out = new Float32Array(n);
  let at = seedOf(name) % PRIME;
  for (let i = 0; i < n; i++) {
    out[i] = shape(numbers[at]);
    if (++at === PRIME) at = 0;
  }
  return out;
}
function valueOf(key: string, { shape }: Tensor): Tensor {
  const n = sizeOf(shape);
  const bound = Math.sqrt(6 / (n / shape[0]));
  const isScale = key.endsWith("running_var") || key.endsWith("weight");
  const values =
    shape.length >= 2
      ? pattern(key, n, (u) => -bound + u * (2 * bound))
      : pattern(key, n, isScale ? (u) => 0.5 + u : (u) => -0.1 + u * 0.2);
  return tensor(values, { shape });
}

/**
 * Gives every parameter and running statistic its formula: U(±√(6 / fan in)) for weights, U(±0.1) for biases and means,
 * U(0.5, 1.5) for scales and variances.
 */
export function fillByFormula<M extends nn.Module>(model: M): M {
  noGrad(() => {
    for (const [key, cell] of [...model.namedParameters(), ...model.namedBuffers()])
      if (cell.dtype === "float32") cell.set(valueOf(key, cell));
  });
  return model;
}

const probes = (n: number) => pattern("probe", n, (u) => u);
/** A tensor in two numbers: its product with the pattern, centred, and its root mean square. */
export async function probe(x: Tensor): Promise<readonly [number, number]> {
  const values = await x.data();
  const u = probes(values.length);
  let product = 0;
  let squares = 0;
  for (let i = 0; i < values.length; i++) {
    product += values[i] * (2 * u[i] - 1);
    squares += values[i] ** 2;
  }
  return [product, Math.sqrt(squares / values.length)];
}
