// NAdam: Adam with Nesterov momentum.
import { add, div, mul, type Parameter, sqrt, sub, type Tensor } from "@lamina/core";
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

export interface NAdamOptions {
  /** Default 2e-3. */
  lr?: number;
  /** How slowly the means of gradients and of their squares forget (default [0.9, 0.999]). */
  betas?: readonly [number, number];
  /** Added to the root of the mean square (default 1e-8). */
  eps?: number;
  /** Default 0. */
  weightDecay?: number;
  /** How fast the momentum rises to betas[0] (default 4e-3). */
  momentumDecay?: number;
  /** Weight decay apart from the gradient, as AdamW's (default false). */
  decoupledWeightDecay?: boolean;
  /** Go up instead of down (default false). */
  maximize?: boolean;
}
type Hyper = Required<NAdamOptions>;
const defaults = {
  lr: 2e-3,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay: 0,
  momentumDecay: 4e-3,
  decoupledWeightDecay: false,
  maximize: false,
} as const;

/**
 * μₜ = β1·(1 - ½·0.96^(t·momentumDecay));  m and v as Adam's;  with Πₜ = μ1·…·μₜ and d = √v/√(1 - β2ᵗ) + eps:
 * p -= lr·((1 - μₜ)/(1 - Πₜ)·g + μₜ₊₁/(1 - Πₜ·μₜ₊₁)·m)/d. Dozat, "Incorporating Nesterov momentum into Adam", 2016.
 * As [torch.optim.NAdam](https://docs.pytorch.org/docs/stable/generated/torch.optim.NAdam.html).
 */
export class NAdam extends Optimizer<Hyper> {
  constructor(params: Iterable<Parameter> | Iterable<ParamGroup<NAdamOptions>>, options: NAdamOptions = {}) {
    super(params as Iterable<Parameter>, { ...defaults, ...options });
  }
  protected check({ lr, betas, eps, weightDecay, momentumDecay }: Hyper): void {
    atLeastZero("NAdam", { lr, eps, weightDecay, momentumDecay });
    betasBelowOne("NAdam", betas);
  }
  protected update(p: Parameter, gradient: Tensor, group: Hyper, state: ParameterState): Tensor {
    const { lr, betas, momentumDecay } = group;
    const [beta1, beta2] = betas;
    const { start, g } = group.decoupledWeightDecay
      ? decoupledDecay(p, gradient, group)
      : { start: p, g: descentGradient(p, gradient, group) };
    const momentum = (t: number) => beta1 * (1 - 0.5 * 0.96 ** (t * momentumDecay));
    const [now, next] = [momentum(state.step), momentum(state.step + 1)];
    const product = (state.numbers.muProduct ?? 1) * now;
    state.numbers.muProduct = product;
    const { m, v } = moments(g, betas, state);
    const scale = add(div(sqrt(v), Math.sqrt(1 - beta2 ** state.step)), group.eps);
    const ahead = add(mul(g, (lr * (1 - now)) / (1 - product)), mul(m, (lr * next) / (1 - product * next)));
    return sub(start, div(ahead, scale));
  }
}
