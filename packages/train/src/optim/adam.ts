// Adam and AdamW, as PyTorch computes them.
import { add, div, maximum, mul, type Parameter, sqrt, sub, type Tensor } from "@lamina/core";
import { moments } from "./moments.ts";
import {
  atLeastZero,
  betasBelowOne,
  decoupledDecay,
  descentGradient,
  Optimizer,
  type ParameterState,
  type ParamGroup,
} from "./optimizer.ts";

export interface AdamOptions {
  /** Default 1e-3. */
  lr?: number;
  /** How slowly the means of gradients and of their squares forget (default [0.9, 0.999]). */
  betas?: readonly [number, number];
  /** Added to the root of the mean square (default 1e-8). */
  eps?: number;
  /** Default 0; AdamW 0.01. */
  weightDecay?: number;
  /** Divide by the largest mean square so far (default false). Reddi, Kale & Kumar, 2018. */
  amsgrad?: boolean;
  /** Go up instead of down (default false). */
  maximize?: boolean;
}
type Hyper = Required<AdamOptions>;
type Params = Iterable<Parameter> | Iterable<ParamGroup<AdamOptions>>;

const defaults = { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, amsgrad: false, maximize: false } as const;

/**
 * g += weightDecay·p;  m += (1 - β1)(g - m);  v = β2·v + (1 - β2)·g²;
 * p -= lr/(1 - β1ᵗ)·m / (√v/√(1 - β2ᵗ) + eps), t being the step, from 1. Kingma & Ba, "Adam: a method for stochastic
 * optimization", 2015. As [torch.optim.Adam](https://docs.pytorch.org/docs/stable/generated/torch.optim.Adam.html).
 */
export class Adam extends Optimizer<Hyper> {
  constructor(params: Params, options: AdamOptions = {}) {
    super(params as Iterable<Parameter>, { ...defaults, ...options });
  }
  protected check({ lr, betas, eps, weightDecay }: Hyper): void {
    atLeastZero(this.constructor.name, { lr, eps, weightDecay });
    betasBelowOne(this.constructor.name, betas);
  }
  protected update(p: Parameter, gradient: Tensor, group: Hyper, state: ParameterState): Tensor {
    return this.descend(p, descentGradient(p, gradient, group), group, state);
  }
  /** `p` a step along the mean gradient, scaled; what may change from step to step is a number, never structure. */
  protected descend(p: Tensor, g: Tensor, { lr, betas, eps, amsgrad }: Hyper, state: ParameterState): Tensor {
    const [beta1, beta2] = betas;
    const { m, v } = moments(g, betas, state);
    const largest = amsgrad ? this.largest(v, state) : v;
    const scale = add(div(sqrt(largest), Math.sqrt(1 - beta2 ** state.step)), eps);
    return sub(p, mul(div(m, scale), lr / (1 - beta1 ** state.step)));
  }
  private largest(v: Tensor, state: ParameterState): Tensor {
    const cell = state.cell("maxExpAvgSq");
    const largest = maximum(cell, v);
    cell.set(largest);
    return largest;
  }
}

/**
 * Adam with weight decay apart from the gradient: p -= lr·weightDecay·p first (weightDecay 0.01 by default).
 * As [torch.optim.AdamW](https://docs.pytorch.org/docs/stable/generated/torch.optim.AdamW.html).
 */
export class AdamW extends Adam {
  constructor(params: Params, options: AdamOptions = {}) {
    super(params, { weightDecay: 0.01, ...options });
  }
  protected override update(p: Parameter, gradient: Tensor, group: Hyper, state: ParameterState): Tensor {
    const { start, g } = decoupledDecay(p, gradient, group);
    return this.descend(start, g, group, state);
  }
}
