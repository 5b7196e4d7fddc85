// The book's initialiser, which nearly all its networks are trained from.
import { nn } from "@lamina/core";

/**
 * Xavier's uniform distribution for the weights of linear and convolution layers; biases keep their start, U(±1/√fanIn), as
 * `init_weights` of "Dive into Deep Learning". Use: `net.apply(initWeights)`, after lazy layers have seen an input.
 */
export function initWeights(module: nn.Module): void {
  if (module instanceof nn.Linear || module instanceof nn.Conv2d) nn.init.xavierUniform(module.weight);
}
