// Stochastic gradient descent with momentum, as PyTorch computes it.
import { add, mul, type Parameter, sub, type Tensor } from "@lamina/core";
import { atLeastZero, descentGradient, Optimizer, type ParameterState, type ParamGroup } from "./optimizer.ts";

export interface SGDOptions {
  lr: number;
  /** The share of the last step's direction that is kept (default 0). */
  momentum?: number;
  /** The share of the gradient that momentum leaves out (default 0). */
  dampening?: number;
  /** Look ahead along the momentum (default false). */
  nesterov?: boolean;
  /** Added to the gradient, times the parameter (default 0). */
  weightDecay?: number;
  /** Go up instead of down (default false). */
  maximize?: boolean;
}

/**
 * g += weightDecay·p;  v = momentum·v + (1 - dampening)·g (v = g in the first step);  p -= lr·v, or with nesterov
 * p -= lr·(g + momentum·v). As [torch.optim.SGD](https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html).
 */
export class SGD extends Optimizer<Required<SGDOptions>> {
  constructor(params: Iterable<Parameter> | Iterable<ParamGroup<SGDOptions>>, options: SGDOptions) {
    super(params as Iterable<Parameter>, {
      momentum: 0,
      dampening: 0,
      nesterov: false,
      weightDecay: 0,
      maximize: false,
      ...options,
    });
  }
  protected check({ lr, momentum, dampening, nesterov, weightDecay }: Required<SGDOptions>): void {
    atLeastZero("SGD", { lr, momentum, weightDecay });
    if (nesterov && (momentum === 0 || dampening !== 0))
      throw new Error(
        `SGD: nesterov needs momentum above 0 and no dampening, but they are ${momentum} and ${dampening}; set momentum: 0.9, say`,
      );
  }
  protected update(p: Parameter, gradient: Tensor, group: Required<SGDOptions>, state: ParameterState): Tensor {
    const g = descentGradient(p, gradient, group);
    return sub(p, mul(group.momentum === 0 ? g : this.direction(g, group, state), group.lr));
  }
  private direction(g: Tensor, { momentum, dampening, nesterov }: Required<SGDOptions>, state: ParameterState): Tensor {
    const velocity = state.cell("momentumBuffer");
    // In the first step v is 0, and the gradient counts whole: a number, so that all steps are one program.
    const v = add(mul(velocity, momentum), dampening === 0 ? g : mul(g, state.step === 1 ? 1 : 1 - dampening));
    velocity.set(v);
    return nesterov ? add(g, mul(v, momentum)) : v;
  }
}
