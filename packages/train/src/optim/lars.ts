// LARS: momentum descent whose rate is scaled layer by layer, for large batches.
import { add, div, greater, mul, type Parameter, sqrt, sub, sum, type Tensor, where } from "@lamina/core";
import { atLeastZero, descentGradient, Optimizer, type ParameterState, type ParamGroup } from "./optimizer.ts";

export interface LARSOptions {
  lr: number;
  /** The share of the last step that is kept (default 0.9). */
  momentum?: number;
  /** Added to the gradient, times the parameter (default 0). */
  weightDecay?: number;
  /** η, the share of a parameter's size that a step of lr 1 may have (default 1e-3). */
  trustCoefficient?: number;
  /** Added to the divisor of the trust ratio (default 1e-8). */
  eps?: number;
  /** False for a group that is to be trained as by SGD: biases and normalisation, usually (default true). */
  adapt?: boolean;
  /** Go up instead of down (default false). */
  maximize?: boolean;
}
type Hyper = Required<LARSOptions>;
const defaults = { momentum: 0.9, weightDecay: 0, trustCoefficient: 1e-3, eps: 1e-8, adapt: true, maximize: false };

/**
 * λ = η·‖p‖/(‖g‖ + weightDecay·‖p‖ + eps), or 1 where a norm is 0;  v = momentum·v + lr·λ·(g + weightDecay·p);  p -= v.
 * You, Gitman & Ginsburg, "Large batch training of convolutional networks", 2017. PyTorch has none.
 */
export class LARS extends Optimizer<Hyper> {
  constructor(params: Iterable<Parameter> | Iterable<ParamGroup<LARSOptions>>, options: LARSOptions) {
    super(params as Iterable<Parameter>, { ...defaults, ...options });
  }
  protected check({ lr, momentum, weightDecay, trustCoefficient, eps }: Hyper): void {
    atLeastZero("LARS", { lr, momentum, weightDecay, trustCoefficient, eps });
  }
  protected update(p: Parameter, gradient: Tensor, group: Hyper, state: ParameterState): Tensor {
    const g = descentGradient(p, gradient, group);
    const rate = group.adapt ? mul(trustRatio(p, gradient, group), group.lr) : group.lr;
    const velocity = state.cell("momentumBuffer");
    const v = add(mul(velocity, group.momentum), mul(g, rate));
    velocity.set(v);
    return sub(p, v);
  }
}

const size = (x: Tensor): Tensor => sqrt(sum(mul(x, x)));
function trustRatio(p: Tensor, gradient: Tensor, { trustCoefficient, weightDecay, eps }: Hyper): Tensor {
  const [of, by] = [size(p), size(gradient)];
  const ratio = div(mul(of, trustCoefficient), add(add(by, mul(of, weightDecay)), eps));
  return where(greater(mul(of, by), 0), ratio, 1);
}
