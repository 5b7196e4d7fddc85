// Initialisers, as `torch.nn.init`: they give a parameter new values drawn on the host, so that a model can be built
// before any backend is there and has the same bits on each. Layers use them for PyTorch's defaults.
import type { Cell } from "../cell.ts";
import { Parameter } from "../cell.ts";
import { type Shape, sizeOf, type TypedArray, toTypedArray } from "../dtype.ts";
import { noGrad } from "../mode.ts";
import { type Draw, defaultGenerator, drawn, type Generator } from "../random.ts";
import { leafLater } from "../tensor.ts";

export interface InitOptions {
  /** Draws the values (default: the one that manualSeed seeds). */
  generator?: Generator;
}
export type Nonlinearity = "linear" | "conv2d" | "sigmoid" | "tanh" | "relu" | "leakyRelu" | "selu";

/** The values are made when someone looks: a weight that is loaded from a file, or only counted, costs nothing. */
function fill<C extends Cell>(cell: C, make: () => Float32Array | Float64Array, draw?: Draw): C {
  const { shape, dtype } = cell;
  const convert = () => (dtype === "float32" ? make() : toTypedArray(make(), dtype)) as TypedArray;
  noGrad(() => cell.set(leafLater(convert, shape, dtype, dtype === "float32" ? draw : undefined)));
  return cell;
}
function checked<C extends Cell>(name: string, cell: C): C {
  if (cell?.shape) return cell;
  throw new Error(
    `${name}: the tensor is ${String(cell)}; a lazy layer has no weight before its first input: run one batch through the model first`,
  );
}
/** The draw's place in the random stream is taken now. */
function fillBy<C extends Cell>(law: Draw["law"], cell: C, a: number, b: number, generator = defaultGenerator): C {
  const draw = { law, count: sizeOf(cell.shape), a, b, stream: generator.next() };
  return fill(cell, () => drawn(draw), draw);
}
const uniforms = <C extends Cell>(cell: C, a: number, b: number, generator?: Generator): C =>
  fillBy("uniform", cell, a, b, generator);
const normals = <C extends Cell>(cell: C, mean: number, std: number, generator?: Generator): C =>
  fillBy("normal", cell, mean, std, generator);
/** Values from U(a, b); by default U(0, 1). */
export const uniform = <C extends Cell>(
  cell: C,
  { a = 0, b = 1, generator }: InitOptions & { a?: number; b?: number } = {},
): C => uniforms(checked("uniform", cell), a, b, generator);
/** Values from N(mean, std²); by default N(0, 1). */
export const normal = <C extends Cell>(
  cell: C,
  { mean = 0, std = 1, generator }: InitOptions & { mean?: number; std?: number } = {},
): C => normals(checked("normal", cell), mean, std, generator);
/** Every element is `value`. */
export const constant = <C extends Cell>(cell: C, value: number): C =>
  fill(checked("constant", cell), () => new Float64Array(cell.numel).fill(value));
export const zeros = <C extends Cell>(cell: C): C => constant(cell, 0);
export const ones = <C extends Cell>(cell: C): C => constant(cell, 1);

/**
 * How many values flow into and out of one output of a weight [out, in, …kernel], as PyTorch counts.
 * @throws for fewer than two axes: a bias has no fans.
 */
export function fanInAndFanOut(shape: Shape): { fanIn: number; fanOut: number } {
  if (shape.length < 2)
    throw new Error(
      `fanInAndFanOut: a tensor of shape [${shape}] has no fan in and fan out; these initialisers are for weights with two axes or more`,
    );
  const receptive = sizeOf(shape.slice(2));
  return { fanIn: shape[1] * receptive, fanOut: shape[0] * receptive };
}

/** The recommended gain for what follows the layer, as `torch.nn.init.calculate_gain`; `slope` is leakyRelu's (default 0.01). */
export function calculateGain(nonlinearity: Nonlinearity, slope = 0.01): number {
  const gains: Readonly<Record<Nonlinearity, number>> = {
    linear: 1,
    conv2d: 1,
    sigmoid: 1,
    tanh: 5 / 3,
    relu: Math.SQRT2,
    leakyRelu: Math.sqrt(2 / (1 + slope * slope)),
    selu: 3 / 4,
  };
  if (!Object.hasOwn(gains, nonlinearity))
    throw new Error(
      `calculateGain: the nonlinearity is ${String(nonlinearity)} but must be one of ${Object.keys(gains).join(", ")}`,
    );
  return gains[nonlinearity];
}

export interface XavierOptions extends InitOptions {
  /** Default 1. */
  gain?: number;
}
/** U(-a, a) with a = gain·√(6 / (fanIn + fanOut)). Glorot & Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010. */
export function xavierUniform<C extends Cell>(cell: C, { gain = 1, generator }: XavierOptions = {}): C {
  const { fanIn, fanOut } = fanInAndFanOut(checked("xavierUniform", cell).shape);
  const a = gain * Math.sqrt(6 / (fanIn + fanOut));
  return uniforms(cell, -a, a, generator);
}
/** N(0, std²) with std = gain·√(2 / (fanIn + fanOut)). */
export function xavierNormal<C extends Cell>(cell: C, { gain = 1, generator }: XavierOptions = {}): C {
  const { fanIn, fanOut } = fanInAndFanOut(checked("xavierNormal", cell).shape);
  return normals(cell, 0, gain * Math.sqrt(2 / (fanIn + fanOut)), generator);
}

export interface KaimingOptions extends InitOptions {
  /** Negative slope of the rectifier after the layer, for leakyRelu (default 0). */
  a?: number;
  /** Keep the variance of the forward pass (default) or of the gradients. */
  mode?: "fanIn" | "fanOut";
  /** Default leakyRelu. */
  nonlinearity?: Nonlinearity;
}
function kaimingStd(shape: Shape, { a = 0, mode = "fanIn", nonlinearity = "leakyRelu" }: KaimingOptions): number {
  return calculateGain(nonlinearity, a) / Math.sqrt(fanInAndFanOut(shape)[mode]);
}
/** U(-a, a) with a = √3·gain / √fan. He et al., "Delving deep into rectifiers", 2015. */
export function kaimingUniform<C extends Cell>(cell: C, options: KaimingOptions = {}): C {
  const bound = Math.sqrt(3) * kaimingStd(checked("kaimingUniform", cell).shape, options);
  return uniforms(cell, -bound, bound, options.generator);
}
/** N(0, std²) with std = gain / √fan. */
export const kaimingNormal = <C extends Cell>(cell: C, options: KaimingOptions = {}): C =>
  normals(checked("kaimingNormal", cell), 0, kaimingStd(cell.shape, options), options.generator);

/** A parameter of one value. */
export const filledParameter = (shape: Shape, value: number): Parameter =>
  new Parameter(leafLater(() => new Float32Array(sizeOf(shape)).fill(value), shape, "float32"));
/** PyTorch's default weight of linear and convolution layers: kaimingUniform with a = √5, which is U(±1/√fanIn). */
export const defaultWeight = (shape: Shape): Parameter =>
  kaimingUniform(filledParameter(shape, 0), { a: Math.sqrt(5) });
/** PyTorch's default bias beside a weight of `weightShape`: U(±1/√fanIn). */
export function defaultBias(size: number, weightShape: Shape): Parameter {
  const bound = 1 / Math.sqrt(fanInAndFanOut(weightShape).fanIn);
  return uniform(filledParameter([size], 0), { a: -bound, b: bound });
}
