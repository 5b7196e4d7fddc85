// RAdam: Adam that does without the adaptive scale while its variance is not known.
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

export interface RAdamOptions {
  /** Default 1e-3. */
  lr?: number;
  /** How slowly the means of gradients and of their squares forget (default [0.9, 0.999]). */
  betas?: readonly [number, number];
  /** Added to the root of the mean square (default 1e-8). */
  eps?: number;
  /** Default 0. */
  weightDecay?: number;
  /** Weight decay apart from the gradient, as AdamW's (default false). */
  decoupledWeightDecay?: boolean;
  /** Go up instead of down (default false). */
  maximize?: boolean;
}
type Hyper = Required<RAdamOptions>;
const defaults = {
  lr: 1e-3,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay: 0,
  decoupledWeightDecay: false,
  maximize: false,
} as const;

/**
 * m and v as Adam's;  ρ∞ = 2/(1 - β2) - 1;  ρₜ = ρ∞ - 2t·β2ᵗ/(1 - β2ᵗ);  while ρₜ ≤ 5: p -= lr·m/(1 - β1ᵗ), then
 * p -= lr·m/(1 - β1ᵗ)·rₜ·√(1 - β2ᵗ)/(√v + eps) with rₜ² = (ρₜ - 4)(ρₜ - 2)ρ∞/((ρ∞ - 4)(ρ∞ - 2)ρₜ). Liu et al., "On the
 * variance of the adaptive learning rate and beyond", 2020.
 * As [torch.optim.RAdam](https://docs.pytorch.org/docs/stable/generated/torch.optim.RAdam.html).
 */
export class RAdam extends Optimizer<Hyper> {
  constructor(params: Iterable<Parameter> | Iterable<ParamGroup<RAdamOptions>>, options: RAdamOptions = {}) {
    super(params as Iterable<Parameter>, { ...defaults, ...options });
  }
  protected check({ lr, betas, eps, weightDecay }: Hyper): void {
    atLeastZero("RAdam", { lr, eps, weightDecay });
    betasBelowOne("RAdam", betas);
  }
  protected update(p: Parameter, gradient: Tensor, group: Hyper, state: ParameterState): Tensor {
    const { lr, betas, eps } = group;
    const [beta1, beta2] = betas;
    const { start, g } = group.decoupledWeightDecay
      ? decoupledDecay(p, gradient, group)
      : { start: p, g: descentGradient(p, gradient, group) };
    const { m, v } = moments(g, betas, state);
    // Both forms of the step are one program: plain + adaptive/(√v + eps), of which one number is 0.
    const { plain, adaptive } = rectified(state.step, beta2);
    const scale = add(div(adaptive, add(sqrt(v), eps)), plain);
    return sub(start, mul(mul(m, scale), lr / (1 - beta1 ** state.step)));
  }
}

function rectified(t: number, beta2: number): { plain: number; adaptive: number } {
  const correction = 1 - beta2 ** t;
  const most = 2 / (1 - beta2) - 1;
  const length = most - (2 * t * beta2 ** t) / correction;
  if (length <= 5) return { plain: 1, adaptive: 0 };
  const r = Math.sqrt(((length - 4) * (length - 2) * most) / ((most - 4) * (most - 2) * length));
  return { plain: 0, adaptive: r * Math.sqrt(correction) };
}
