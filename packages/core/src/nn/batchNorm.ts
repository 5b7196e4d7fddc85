// Batch normalisation layers: what they hold, and how the running statistics move. The formula is in ops/batchNorm.ts.
import { Buffer, type Parameter } from "../cell.ts";
import { noGrad } from "../mode.ts";
import { add, batchNorm, batchNormTrain, cast, mul, reciprocal, sub } from "../ops/functions.ts";
import { leafOf, type Tensor } from "../tensor.ts";
import { named, positive } from "./arguments.ts";
import { filledParameter } from "./init.ts";
import { LazyModule } from "./lazy.ts";
import { bool, float } from "./repr.ts";

export interface BatchNormOptions {
  /** Added to the variance (default 1e-5). */
  eps?: number;
  /** The share of the newest batch in the running statistics (default 0.1); null for the plain mean over all batches. */
  momentum?: number | null;
  /** Whether a weight and a bias per channel are learned (default true). */
  affine?: boolean;
  /** Whether there is a bias beside the weight (default true). */
  bias?: boolean;
  /** Whether statistics are kept for use after training (default true); without, each batch is normalised by its own. */
  trackRunningStats?: boolean;
}
export interface BatchNormArguments extends BatchNormOptions {
  /** Left out: worked out from the first input. */
  numFeatures?: number;
}

abstract class BatchNorm extends LazyModule {
  static override readonly stateKeys = {
    runningMean: "running_mean",
    runningVar: "running_var",
    numBatchesTracked: "num_batches_tracked",
  };
  eps: number;
  momentum: number | null;
  /** [C], or undefined if not affine. */
  weight: Parameter | undefined = undefined;
  bias: Parameter | undefined = undefined;
  /** [C], or undefined if no statistics are kept. */
  runningMean: Buffer | undefined = undefined;
  runningVar: Buffer | undefined = undefined;
  /** How many batches the statistics have seen. */
  numBatchesTracked: Buffer | undefined = undefined;
  private readonly affine: boolean;
  private readonly hasBias: boolean;
  private readonly trackRunningStats: boolean;
  private features: number | undefined;

  constructor(options: BatchNormArguments);
  constructor(numFeatures: number, options?: BatchNormOptions);
  constructor(...args: unknown[]) {
    super();
    const order = ["numFeatures", "eps", "momentum", "affine", "trackRunningStats", "bias"] as const;
    const given = named<BatchNormArguments>(new.target.name, order, args);
    this.eps = given.eps ?? 1e-5;
    this.momentum = given.momentum === undefined ? 0.1 : given.momentum;
    this.affine = given.affine ?? true;
    this.hasBias = this.affine && (given.bias ?? true);
    this.trackRunningStats = given.trackRunningStats ?? true;
    if (given.numFeatures !== undefined) this.materialize(given.numFeatures);
  }
  /** How many axes its input may have, and what they are. */
  protected abstract get input(): { readonly axes: readonly number[]; readonly layout: string };

  /** Undefined in a lazy layer before the first input. */
  get numFeatures(): number | undefined {
    return this.features;
  }
  private materialize(numFeatures: number): void {
    const n = positive(this.printedName, "numFeatures", numFeatures);
    this.features = n;
    if (this.affine) this.weight = filledParameter([n], 1);
    if (this.hasBias) this.bias = filledParameter([n], 0);
    if (!this.trackRunningStats) return;
    this.runningMean = new Buffer(leafOf(new Float32Array(n), [n], "float32"), { name: "running_mean" });
    this.runningVar = new Buffer(leafOf(new Float32Array(n).fill(1), [n], "float32"), { name: "running_var" });
    this.numBatchesTracked = new Buffer(leafOf(new Int32Array(1), [], "int32"), { name: "num_batches_tracked" });
  }
  override forward(x: Tensor): Tensor {
    this.check(x);
    const { weight, bias, eps, runningMean, runningVar } = this;
    if (!this.training && runningMean && runningVar)
      return batchNorm(x, runningMean, runningVar, { weight, bias, eps });
    const { y, mean, variance } = batchNormTrain(x, { weight, bias, eps });
    if (this.training) this.track(mean, variance, x.numel / x.shape[1]);
    return y;
  }
  private check(x: Tensor): void {
    const { axes, layout } = this.input;
    if (!axes.includes(x.ndim))
      throw new Error(`${this.printedName}: x has ${x.ndim} axes (x [${x.shape}]) but must be ${layout}; reshape() it`);
    if (this.features === undefined) this.materialize(x.shape[1]);
    if (x.shape[1] !== this.features)
      throw new Error(
        `${this.printedName}: x has ${x.shape[1]} channels (x [${x.shape}]) but the layer was made for ${this.features}; make it with numFeatures ${x.shape[1]}`,
      );
  }
  /** Moves the running statistics; the variance that is kept is the unbiased one, as in PyTorch. */
  private track(mean: Tensor, variance: Tensor, n: number): void {
    const { runningMean, runningVar, numBatchesTracked, momentum } = this;
    if (!runningMean || !runningVar || !numBatchesTracked) return;
    noGrad(() => {
      const count = add(numBatchesTracked, 1);
      numBatchesTracked.set(count);
      const share = momentum ?? reciprocal(cast(count, runningMean.dtype));
      const mix = (old: Tensor, now: Tensor) =>
        add(mul(old, typeof share === "number" ? 1 - share : sub(1, share)), mul(now, share));
      runningMean.set(mix(runningMean, mean));
      runningVar.set(mix(runningVar, mul(variance, n / (n - 1))));
    });
  }
  protected override get lazyNames(): readonly string[] {
    if (this.features !== undefined) return [];
    return [...(this.affine ? ["weight"] : []), ...(this.trackRunningStats ? ["running_mean", "running_var"] : [])];
  }
  protected override extraRepr(): string {
    const momentum = this.momentum === null ? "None" : float(this.momentum, 0.1);
    return `${this.features ?? 0}, eps=${float(this.eps, 1e-5)}, momentum=${momentum}, affine=${bool(this.affine)}, bias=${bool(this.hasBias)}, track_running_stats=${bool(this.trackRunningStats)}`;
  }
}

/**
 * (x - mean)/√(variance + eps)·weight + bias for each feature, as `torch.nn.BatchNorm1d`: x [N, C] or [N, C, L] → the same
 * shape. In training mean and variance are the batch's, and move the running ones; in use they are the running ones.
 * Ioffe & Szegedy, "Batch normalization", 2015.
 */
export class BatchNorm1d extends BatchNorm {
  protected get input() {
    return { axes: [2, 3], layout: "[batch, features] or [batch, features, length]" };
  }
}
/** As {@link BatchNorm1d} for each channel of images, as `torch.nn.BatchNorm2d`: x [N, C, H, W] → the same shape. */
export class BatchNorm2d extends BatchNorm {
  protected get input() {
    return { axes: [4], layout: "[batch, channels, height, width]" };
  }
}
/** A BatchNorm1d that takes the number of features from its first input, as `torch.nn.LazyBatchNorm1d`. */
export class LazyBatchNorm1d extends BatchNorm1d {
  constructor(options?: BatchNormOptions) {
    super(options ?? {});
  }
}
/** A BatchNorm2d that takes the number of channels from its first input, as `torch.nn.LazyBatchNorm2d`. */
export class LazyBatchNorm2d extends BatchNorm2d {
  constructor(options?: BatchNormOptions) {
    super(options ?? {});
  }
}
