// Adadelta: steps in the parameter's own units, from running means of squared gradients and squared steps.
import { add, div, mul, type Parameter, sqrt, sub, type Tensor } from "@lamina/core";
import { atLeastZero, descentGradient, Optimizer, type ParameterState, type ParamGroup } from "./optimizer.ts";

export interface AdadeltaOptions {
  /** Scales the step (default 1). */
  lr?: number;
  /** How slowly both means forget (default 0.9). */
  rho?: number;
  /** Added under both roots (default 1e-6). */
  eps?: number;
  /** Added to the gradient, times the parameter (default 0). */
  weightDecay?: number;
  /** Go up instead of down (default false). */
  maximize?: boolean;
}
type Hyper = Required<AdadeltaOptions>;

/**
 * g += weightDecay·p;  s = ρ·s + (1 - ρ)·g²;  Δ = √(a + eps)/√(s + eps)·g;  a = ρ·a + (1 - ρ)·Δ²;  p -= lr·Δ. Zeiler,
 * "ADADELTA: an adaptive learning rate method", 2012.
 * As [torch.optim.Adadelta](https://docs.pytorch.org/docs/stable/generated/torch.optim.Adadelta.html).
 */
export class Adadelta extends Optimizer<Hyper> {
  constructor(params: Iterable<Parameter> | Iterable<ParamGroup<AdadeltaOptions>>, options: AdadeltaOptions = {}) {
    super(params as Iterable<Parameter>, { lr: 1, rho: 0.9, eps: 1e-6, weightDecay: 0, maximize: false, ...options });
  }
  protected check({ lr, rho, eps, weightDecay }: Hyper): void {
    atLeastZero("Adadelta", { lr, rho, eps, weightDecay });
    if (rho > 1) throw new Error(`Adadelta: rho is ${rho} but must be from 0 to 1; pass 0.9, say`);
  }
  protected update(p: Parameter, gradient: Tensor, group: Hyper, state: ParameterState): Tensor {
    const { lr, rho, eps } = group;
    const g = descentGradient(p, gradient, group);
    const mean = (cell: Tensor, x: Tensor) => add(mul(cell, rho), mul(mul(x, x), 1 - rho));
    const square = state.cell("squareAvg");
    const steps = state.cell("accDelta");
    const s = mean(square, g);
    const delta = mul(div(sqrt(add(steps, eps)), sqrt(add(s, eps))), g);
    square.set(s);
    steps.set(mean(steps, delta));
    return sub(p, mul(delta, lr));
  }
}
