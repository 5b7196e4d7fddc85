// summary(): what a model consists of and costs, found by recording one forward pass; nothing is computed.

import { sizeOf } from "../dtype.ts";
import { noGrad } from "../mode.ts";
import { zeros } from "../ops/functions.ts";
import type { Tensor } from "../tensor.ts";
import { Conv2d, ConvTranspose2d } from "./conv2d.ts";
import { Linear } from "./linear.ts";
import type { Module } from "./module.ts";

export interface LayerSummary {
  /** Path in the model, `features.0`. */
  readonly name: string;
  readonly type: string;
  /** Shape of its result. */
  readonly output: readonly number[];
  /** Trained values of this layer itself. */
  readonly parameters: number;
  /** Multiply-adds of one forward pass of the whole input: of convolutions and linear layers. */
  readonly macs: number;
}
export interface Summary {
  readonly input: readonly number[];
  readonly parameters: number;
  readonly macs: number;
  /** Layers without layers inside, in the order they ran. */
  readonly layers: readonly LayerSummary[];
}

/** Each output element of a layer is a dot product as long as its filter; of a transposed convolution, each input element. */
function macsOf(layer: Module, x: Tensor, y: Tensor): number {
  if (layer instanceof Linear) return y.numel * layer.weight.shape[1];
  if (layer instanceof ConvTranspose2d) return x.numel * sizeOf(layer.weight.shape.slice(1));
  return layer instanceof Conv2d ? y.numel * sizeOf(layer.weight.shape.slice(1)) : 0;
}

/**
 * Layers with output shapes, parameters and multiply-adds, as torchinfo's `summary`.
 * @param inputShape of one input with its batch, such as [1, 1, 28, 28].
 */
export function summary(model: Module, inputShape: readonly number[]): Summary {
  const layers: LayerSummary[] = [];
  const training = model.training;
  const leaves = model.namedModules().filter(([, m]) => m.children().length === 0);
  for (const [name, layer] of leaves) watch(layer, (x, y) => layers.push(describe(name, layer, x, y)));
  try {
    noGrad(() => model.eval().forward(zeros(inputShape)));
  } finally {
    for (const [, layer] of leaves) Reflect.deleteProperty(layer, "forward"); // the class's own shows again
    model.train(training);
  }
  return { input: inputShape, parameters: model.numParameters(), macs: layers.reduce((n, l) => n + l.macs, 0), layers };
}
function watch(layer: Module, seen: (x: Tensor, y: Tensor) => void): void {
  const forward = layer.forward.bind(layer);
  layer.forward = (...inputs) => {
    const y = forward(...inputs);
    seen(inputs[0], y);
    return y;
  };
}
const describe = (name: string, layer: Module, x: Tensor, y: Tensor): LayerSummary => ({
  name,
  type: layer.constructor.name,
  output: y.shape,
  parameters: layer.numParameters(),
  macs: macsOf(layer, x, y),
});
