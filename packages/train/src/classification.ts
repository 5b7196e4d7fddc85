// What a classifier is judged by beside its loss: top-k accuracy, and a confusion matrix with what follows from it.
import { argmax, cast, expand, gather, greater, less, reshape, sum, type Tensor, unsqueeze } from "@lamina/core";

/**
 * How many rows of logits [N, C] have the label [N] among their `k` largest values; a value that equals the label's does not
 * stand before it. Recorded: nothing is computed yet.
 * @throws if k is not a whole number from 1 to C.
 */
export function countTopK(logits: Tensor, y: Tensor, k: number): Tensor {
  const classes = logits.shape[1];
  if (!Number.isInteger(k) || k < 1 || k > classes)
    throw new Error(`countTopK: k is ${k} but there are ${classes} classes; pass a whole number from 1 to ${classes}`);
  const own = gather(logits, 1, unsqueeze(y, 1));
  const before = sum(cast(greater(logits, expand(own, logits.shape)), "int32"), 1);
  return sum(cast(less(before, k), "int32"));
}

/** What follows from a confusion matrix for one class. A share of nothing is 0, as in scikit-learn. */
export interface ClassScores {
  /** Of what was called this class, the share that is. */
  readonly precision: number;
  /** Of what is this class, the share that was called so. */
  readonly recall: number;
  /** The harmonic mean of both. */
  readonly f1: number;
  /** Examples of this class. */
  readonly support: number;
}

const ratio = (a: number, b: number): number => (b === 0 ? 0 : a / b);
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** Which class was called which, counted batch by batch on the host. */
export class ConfusionMatrix {
  /** counts[label][prediction]. */
  readonly counts: readonly number[][];
  readonly classes: readonly string[];

  /** `classes`: their number, or their names. */
  constructor(classes: number | readonly string[]) {
    this.classes = typeof classes === "number" ? Array.from({ length: classes }, (_, i) => String(i)) : [...classes];
    this.counts = this.classes.map(() => new Array<number>(this.classes.length).fill(0));
  }
  /** Counts a batch: logits [N, C], or predictions [N], against labels [N]. @throws if a label or a prediction is no class. */
  async add(predicted: Tensor, y: Tensor): Promise<void> {
    const calls = predicted.ndim === 2 ? argmax(predicted, 1) : predicted;
    const [found, labels] = await Promise.all([reshape(calls, [-1]).data(), reshape(y, [-1]).data()]);
    if (found.length !== labels.length)
      throw new Error(
        `ConfusionMatrix.add: there are ${found.length} predictions but ${labels.length} labels; pass one label a row`,
      );
    for (let i = 0; i < labels.length; i++) {
      for (const [what, value] of [["label", labels[i]] as const, ["prediction", found[i]] as const])
        if (!(value in this.counts))
          throw new Error(
            `ConfusionMatrix.add: ${what} ${value} is none of ${this.classes.length} classes; pass whole numbers from 0`,
          );
      this.counts[labels[i]][found[i]]++;
    }
  }
  /** Examples counted. */
  get total(): number {
    return this.counts.flat().reduce((a, b) => a + b, 0);
  }
  /** The share on the diagonal; NaN while nothing has been counted. */
  get accuracy(): number {
    return this.counts.reduce((right, row, i) => right + row[i], 0) / this.total;
  }
  of(label: number): ClassScores {
    const hits = this.counts[label][label];
    const support = this.counts[label].reduce((a, b) => a + b, 0);
    const called = this.counts.reduce((n, row) => n + row[label], 0);
    const [precision, recall] = [ratio(hits, called), ratio(hits, support)];
    return { precision, recall, f1: ratio(2 * precision * recall, precision + recall), support };
  }
  /** Means over classes, each class counting the same ("macro"). */
  get macro(): Omit<ClassScores, "support"> {
    const scores = this.classes.map((_, i) => this.of(i));
    return {
      precision: mean(scores.map((s) => s.precision)),
      recall: mean(scores.map((s) => s.recall)),
      f1: mean(scores.map((s) => s.f1)),
    };
  }
}
