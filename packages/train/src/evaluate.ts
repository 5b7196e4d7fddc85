// How well a model does on data it does not learn from.
import { crossEntropy, type nn, noGrad, type Tensor } from "@lamina/core";
import { addTo, type Loss, lossOf, type Metrics, meansOf, measure, noSums } from "./metrics.ts";
import { takeTurns } from "./turns.ts";

/** Batches [x, y]: a DataLoader, an array, any iterable. */
export type Batches = AsyncIterable<readonly [Tensor, Tensor]> | Iterable<readonly [Tensor, Tensor]>;
export interface EvaluateOptions {
  /** Default crossEntropy. */
  loss?: Loss;
  /** Stops between batches. */
  signal?: AbortSignal;
}

/** Mean loss and accuracy over all batches, in evaluation mode and without gradients; the mode is as before afterwards. */
export async function evaluate(
  model: nn.Module,
  batches: Batches,
  { loss = crossEntropy, signal }: EvaluateOptions = {},
): Promise<Metrics> {
  const { training } = model;
  const sums = noSums();
  const turn = takeTurns();
  model.eval();
  try {
    for await (const [x, y] of batches) {
      await turn();
      signal?.throwIfAborted();
      const read = noGrad(() => {
        const logits = model.forward(x);
        return measure(lossOf(loss, logits, y), logits, y);
      });
      addTo(sums, await read());
    }
  } finally {
    model.train(training);
  }
  if (sums.examples === 0) throw new Error("evaluate: there were no batches; pass a loader with at least one");
  return meansOf(sums);
}
