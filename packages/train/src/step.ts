// One training step as it is recorded: what fit runs, and what is tried on paper to know what memory it takes.
import { crossEntropy, div, type nn, type Tensor } from "@lamina/core";
import { type BatchMetrics, type Loss, lossOf, measure } from "./metrics.ts";
import { clipGradNorm } from "./optim/clip.ts";
import type { EMA } from "./optim/ema.ts";
import type { Optimizer } from "./optim/optimizer.ts";

export interface StepOptions {
  // biome-ignore lint/suspicious/noExplicitAny: any optimiser's hyper-parameters.
  optimizer: Optimizer<any>;
  /** Default crossEntropy. */
  loss?: Loss;
  /** How many batches make a step: their gradients are averaged, as if they were one batch (default 1). */
  accumulate?: number;
  /** The gradients' norm is made no larger than this before each step. */
  clipGradNorm?: number;
  /** Is updated after each step. */
  ema?: EMA;
}

/** One batch: the first of a step clears the gradients, the last updates the parameters. What it gives reads loss and right answers. */
export function recordBatch(
  model: nn.Module,
  { optimizer, loss = crossEntropy, accumulate = 1, clipGradNorm: most, ema }: StepOptions,
  [x, y]: readonly [Tensor, Tensor],
  { first, last }: { readonly first: boolean; readonly last: boolean },
): () => Promise<BatchMetrics> {
  const logits = model.forward(x);
  const value = lossOf(loss, logits, y);
  const read = measure(value, logits, y);
  if (first) optimizer.zeroGrad();
  (accumulate === 1 ? value : div(value, accumulate)).backward();
  if (!last) return read;
  if (most !== undefined) clipGradNorm(model.parameters(), most);
  optimizer.step();
  ema?.update();
  return read;
}
