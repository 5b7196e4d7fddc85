// The fully connected layer.
import type { Parameter } from "../cell.ts";
import { linear } from "../ops/functions.ts";
import type { Tensor } from "../tensor.ts";
import { named, positive } from "./arguments.ts";
import { defaultBias, defaultWeight } from "./init.ts";
import { LazyModule } from "./lazy.ts";
import { bool } from "./repr.ts";

export interface LinearOptions {
  /** Whether a number per output is added (default true). */
  bias?: boolean;
}
export interface LinearArguments extends LinearOptions {
  /** Left out: worked out from the first input. */
  inFeatures?: number;
  outFeatures: number;
}

/**
 * x·weightᵀ + bias, as `torch.nn.Linear`: x […, inFeatures] → […, outFeatures]. weight is [outFeatures, inFeatures],
 * bias [outFeatures]; both start as U(±1/√inFeatures).
 */
export class Linear extends LazyModule {
  readonly outFeatures: number;
  /** Undefined, in a lazy layer, before the first input. */
  weight!: Parameter;
  /** Undefined without a bias. */
  bias: Parameter | undefined = undefined;
  private readonly hasBias: boolean;

  constructor(options: LinearArguments);
  constructor(inFeatures: number, outFeatures: number, options?: LinearOptions);
  constructor(...args: unknown[]) {
    super();
    const {
      inFeatures,
      outFeatures,
      bias = true,
    } = named<LinearArguments>("Linear", ["inFeatures", "outFeatures", "bias"], args);
    this.outFeatures = positive("Linear", "outFeatures", outFeatures);
    this.hasBias = bias;
    if (inFeatures !== undefined) this.materialize(positive("Linear", "inFeatures", inFeatures));
  }
  /** Undefined in a lazy layer before the first input. */
  get inFeatures(): number | undefined {
    return this.weight?.shape[1];
  }
  private materialize(inFeatures: number): void {
    const shape = [this.outFeatures, inFeatures];
    this.weight = defaultWeight(shape);
    if (this.hasBias) this.bias = defaultBias(this.outFeatures, shape);
  }
  override forward(x: Tensor): Tensor {
    if (!this.weight) this.materialize(positive(this.printedName, "inFeatures", x.shape.at(-1)));
    return linear(x, this.weight, this.bias);
  }
  protected override get lazyNames(): readonly string[] {
    return this.weight ? [] : ["weight", ...(this.hasBias ? ["bias"] : [])];
  }
  protected override extraRepr(): string {
    return `in_features=${this.inFeatures ?? 0}, out_features=${this.outFeatures}, bias=${bool(this.hasBias)}`;
  }
}

/** A Linear that takes the number of input features from its first input, as `torch.nn.LazyLinear`. */
export class LazyLinear extends Linear {
  constructor(options: LinearArguments);
  constructor(outFeatures: number, options?: LinearOptions);
  constructor(...args: unknown[]) {
    super(named<LinearArguments>("LazyLinear", ["outFeatures", "bias"], args));
  }
}
