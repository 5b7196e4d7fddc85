// Adagrad: steps that shrink with the sum of the squares of all gradients so far.
import { add, div, mul, type Parameter, sqrt, sub, type Tensor } from "@lamina/core";
import { atLeastZero, descentGradient, Optimizer, type ParameterState, type ParamGroup } from "./optimizer.ts";

export interface AdagradOptions {
  /** Default 0.01. */
  lr?: number;
  /** lr/(1 + lrDecay·(step - 1)) is used (default 0). */
  lrDecay?: number;
  /** Added to the gradient, times the parameter (default 0). */
  weightDecay?: number;
  /** What the sum of squares starts with (default 0). */
  initialAccumulatorValue?: number;
  /** Added to the root of the sum (default 1e-10). */
  eps?: number;
  /** Go up instead of down (default false). */
  maximize?: boolean;
}
type Hyper = Required<AdagradOptions>;
const defaults = {
  lr: 0.01,
  lrDecay: 0,
  weightDecay: 0,
  initialAccumulatorValue: 0,
  eps: 1e-10,
  maximize: false,
} as const;

/**
 * g += weightDecay·p;  s += g²;  p -= lr/(1 + lrDecay·(t - 1))·g/(√s + eps), t being the step, from 1. Duchi, Hazan &
 * Singer, "Adaptive subgradient methods for online learning and stochastic optimization", 2011.
 * As [torch.optim.Adagrad](https://docs.pytorch.org/docs/stable/generated/torch.optim.Adagrad.html).
 */
export class Adagrad extends Optimizer<Hyper> {
  constructor(params: Iterable<Parameter> | Iterable<ParamGroup<AdagradOptions>>, options: AdagradOptions = {}) {
    super(params as Iterable<Parameter>, { ...defaults, ...options });
  }
  protected check({ lr, lrDecay, weightDecay, initialAccumulatorValue, eps }: Hyper): void {
    atLeastZero("Adagrad", { lr, lrDecay, weightDecay, initialAccumulatorValue, eps });
  }
  protected update(p: Parameter, gradient: Tensor, group: Hyper, state: ParameterState): Tensor {
    const g = descentGradient(p, gradient, group);
    const cell = state.cell("sum", group.initialAccumulatorValue);
    const s = add(cell, mul(g, g));
    cell.set(s);
    return sub(p, mul(div(g, add(sqrt(s), group.eps)), group.lr / (1 + (state.step - 1) * group.lrDecay)));
  }
}
