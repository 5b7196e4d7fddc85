// What training is judged by: the mean loss and the share of right answers, added up batch by batch.
import { argmax, cast, equal, sum, type Tensor } from "@lamina/core";

/** A loss as a function, or as a module of nn. */
export type Loss = ((x: Tensor, y: Tensor) => Tensor) | { forward(x: Tensor, y: Tensor): Tensor };
export const lossOf = (loss: Loss, x: Tensor, y: Tensor): Tensor =>
  typeof loss === "function" ? loss(x, y) : loss.forward(x, y);

/** How many rows of logits [N, C] have their largest value at the label; labels are integers [N]. Recorded: nothing is computed yet. */
export const countCorrect = (logits: Tensor, y: Tensor): Tensor => sum(cast(equal(argmax(logits, 1), y), "int32"));
/** Only integer labels of logits [N, C] can be right or wrong. */
const areClasses = (logits: Tensor, y: Tensor): boolean =>
  logits.ndim === 2 && y.ndim === 1 && !y.dtype.startsWith("float");

/** What a batch came to. */
export interface BatchMetrics {
  readonly loss: number;
  /** NaN where labels are no classes. */
  readonly correct: number;
  readonly examples: number;
}
/** Begins to measure where loss and logits are recorded, and has both kept; what it gives reads them in one run, after step(). */
export function measure(loss: Tensor, logits: Tensor, y: Tensor): () => Promise<BatchMetrics> {
  const correct = areClasses(logits, y) ? countCorrect(logits, y) : undefined;
  const examples = y.shape[0];
  loss.keep();
  correct?.keep();
  return async () => {
    const [l, c = Number.NaN] = await Promise.all([loss.item(), correct?.item()]);
    return { loss: l, correct: c, examples };
  };
}

/** Sums over batches; plain numbers, so that a checkpoint can hold them. */
export interface Sums {
  loss: number;
  correct: number;
  examples: number;
}
export const noSums = (): Sums => ({ loss: 0, correct: 0, examples: 0 });
/** The loss of a batch is a mean, so it counts once for each example: the last batch may be smaller. */
export function addTo(sums: Sums, batch: BatchMetrics): void {
  sums.loss += batch.loss * batch.examples;
  sums.correct += batch.correct;
  sums.examples += batch.examples;
}
export interface Metrics {
  /** Mean over examples. */
  readonly loss: number;
  /** The share of right answers; NaN where labels are no classes. */
  readonly accuracy: number;
}
export const meansOf = ({ loss, correct, examples }: Sums): Metrics => ({
  loss: loss / examples,
  accuracy: correct / examples,
});

/** What an epoch came to. */
export interface EpochResult {
  /** From 1. */
  readonly epoch: number;
  readonly trainLoss: number;
  readonly trainAccuracy: number;
  /** Undefined without test data. */
  readonly testLoss?: number;
  readonly testAccuracy?: number;
  /** Training and test together. */
  readonly seconds: number;
  /** Of training alone. */
  readonly examplesPerSecond: number;
}
