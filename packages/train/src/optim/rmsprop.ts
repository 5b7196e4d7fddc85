// RMSprop: steps scaled by a running mean of the gradient's square.
import { add, div, mul, type Parameter, sqrt, sub, type Tensor } from "@lamina/core";
import { atLeastZero, descentGradient, Optimizer, type ParameterState, type ParamGroup } from "./optimizer.ts";

export interface RMSpropOptions {
  /** Default 0.01. */
  lr?: number;
  /** How slowly the mean of squares forgets (default 0.99). */
  alpha?: number;
  /** Added to the root of the mean square (default 1e-8). */
  eps?: number;
  /** Added to the gradient, times the parameter (default 0). */
  weightDecay?: number;
  /** The share of the last step's direction that is kept (default 0). */
  momentum?: number;
  /** Divide by the deviation from the mean gradient instead (default false). */
  centered?: boolean;
  /** Go up instead of down (default false). */
  maximize?: boolean;
}
type Hyper = Required<RMSpropOptions>;
const defaults = {
  lr: 0.01,
  alpha: 0.99,
  eps: 1e-8,
  weightDecay: 0,
  momentum: 0,
  centered: false,
  maximize: false,
} as const;

/**
 * g += weightDecay·p;  s = α·s + (1 - α)·g²;  centred: m += (1 - α)(g - m), s - m² in place of s;
 * b = momentum·b + g/(√s + eps);  p -= lr·b. Tieleman & Hinton, Coursera lecture 6.5, 2012.
 * As [torch.optim.RMSprop](https://docs.pytorch.org/docs/stable/generated/torch.optim.RMSprop.html).
 */
export class RMSprop extends Optimizer<Hyper> {
  constructor(params: Iterable<Parameter> | Iterable<ParamGroup<RMSpropOptions>>, options: RMSpropOptions = {}) {
    super(params as Iterable<Parameter>, { ...defaults, ...options });
  }
  protected check({ lr, alpha, eps, weightDecay, momentum }: Hyper): void {
    atLeastZero("RMSprop", { lr, alpha, eps, weightDecay, momentum });
  }
  protected update(p: Parameter, gradient: Tensor, group: Hyper, state: ParameterState): Tensor {
    const { lr, alpha, eps, momentum } = group;
    const g = descentGradient(p, gradient, group);
    const square = state.cell("squareAvg");
    const s = add(mul(square, alpha), mul(mul(g, g), 1 - alpha));
    square.set(s);
    const direction = div(g, add(sqrt(group.centered ? this.variance(s, g, alpha, state) : s), eps));
    if (momentum === 0) return sub(p, mul(direction, lr));
    const buffer = state.cell("momentumBuffer");
    const b = add(mul(buffer, momentum), direction);
    buffer.set(b);
    return sub(p, mul(b, lr));
  }
  private variance(s: Tensor, g: Tensor, alpha: number, state: ParameterState): Tensor {
    const mean = state.cell("gradAvg");
    const m = add(mean, mul(sub(g, mean), 1 - alpha));
    mean.set(m);
    return sub(s, mul(m, m));
  }
}
